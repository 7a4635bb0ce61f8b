"""The data files of UserRL, read into our tasks and written from them: `parquet.py` and `items.py` for the two kinds of file.

Source: specs/gyms.md 3 and 4 (field names and file layout; no data of UserRL's is here).
"""
