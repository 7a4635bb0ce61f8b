"""An engine starts where llvmlite was imported before it."""

import llvmlite.binding.ffi as ffi

from actors.llvmlite_guard import hide_library


def test_the_library_has_no_dict_and_still_its_functions():
    hide_library()
    hide_library()
    assert not hasattr(ffi.lib, "__dict__")
    assert callable(ffi.lib.LLVMPY_GetVersionInfo)
