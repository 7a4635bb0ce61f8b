"""The Kubernetes manifests: their command is one that `parley` takes, and the run fits the nodes they make.

They are not applied anywhere: there is no Kubernetes here.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import ray
import yaml

from cluster import cli
from cluster.config.sections import IN_JOB
from cluster.jobs import runtime

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "examples" / "kuberay"
KINDS = ["rayjob", "raycluster"]


def manifest(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return read


def cluster(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = manifest(name)["spec"]
    return spec.get("rayClusterSpec", spec)


def container(group: dict[str, Any]) -> dict[str, Any]:
    [only] = group["template"]["spec"]["containers"]
    return only


def node(group: dict[str, Any]) -> dict[str, float]:
    """What `ray start` offers, given the parameters as KubeRay writes them into a shell command, and else the limits."""
    parameters, limits = group["rayStartParams"], container(group)["resources"]["limits"]
    [custom] = shlex.split(parameters.get("resources", "{}"))
    offered = {"CPU": limits["cpu"], "GPU": limits.get("nvidia.com/gpu", 0)} | json.loads(custom)
    return {kind: float(amount) for kind, amount in (offered | {"CPU": parameters.get("num-cpus", limits["cpu"])}).items()}


def nodes(name: str) -> list[dict[str, float]]:
    spec = cluster(name)
    workers = [node(group) for group in spec["workerGroupSpecs"] for _ in range(group["replicas"])]
    return [node(spec["headGroupSpec"]), *workers]


def groups(name: str) -> list[dict[str, Any]]:
    return [cluster(name)["headGroupSpec"], *cluster(name)["workerGroupSpecs"]]


def command(name: str) -> list[str]:
    """What runs on the cluster: a job's entrypoint, or what the header says to submit."""
    if name == "rayjob":
        python, dash_m, package, *arguments = shlex.split(manifest(name)["spec"]["entrypoint"])
        assert (python, dash_m, package) == ("python", "-m", "cluster")
        return arguments
    [line] = [line for line in (FOLDER / f"{name}.yaml").read_text().splitlines() if line.startswith("#   parley submit")]
    words = shlex.split(line.removeprefix("#   parley submit"))
    assert words[1:] == ["--env", f"PARLEY_HOME={home(name)}"]
    return ["train", words[0]]


def home(name: str) -> str:
    [value] = [env["value"] for env in container(groups(name)[0])["env"] if env["name"] == "PARLEY_HOME"]
    return str(value)


def dry_run(name: str, found: list[dict[str, float]], monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit code of the manifest's command, as a job on these nodes, when it only checks."""
    monkeypatch.setenv(IN_JOB, "{}")
    monkeypatch.setenv("PARLEY_HOME", home(name))
    monkeypatch.setattr(runtime, "resources", lambda: found)
    monkeypatch.setattr("sys.argv", ["parley", *command(name), "--dry-run"])
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


@pytest.mark.parametrize("name", KINDS)
def test_the_command_is_one_that_parley_takes_and_the_run_fits_the_nodes(name, monkeypatch, capsys):
    assert dry_run(name, nodes(name), monkeypatch) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    assert yaml.safe_load(printed)["run"]["root"] == home(name)
    assert "# fits what is there: 5 nodes: " in printed


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("rollout", "the run needs 3 GPUs (2 rollout workers: 2, 1 learner rank: 1) and the cluster has 2"),
        ("learner", "learner.resources.learner_node is a resource that no node has"),
        ("judge", "judges.default.resources.judge_node is a resource that no node has"),
    ],
)
def test_no_group_of_nodes_is_more_than_the_run_needs(name, missing, says, monkeypatch, capsys):
    """With one node of a group less, the run does not fit: each is there for a reason."""
    names = ["head"] + [group["groupName"] for group in cluster(name)["workerGroupSpecs"] for _ in range(group["replicas"])]
    left = nodes(name)
    del left[names.index(missing)]
    assert dry_run(name, left, monkeypatch) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("name", KINDS)
def test_every_pod_has_the_shared_folder_and_room_for_the_object_store(name):
    [claim] = [volume for volume in yaml.safe_load_all((FOLDER / "storage.yaml").read_text()) if volume]
    for group in groups(name):
        volumes = {volume["name"]: volume for volume in group["template"]["spec"]["volumes"]}
        mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container(group)["volumeMounts"]}
        assert mounts["/parley"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert mounts["/dev/shm"]["emptyDir"]["medium"] == "Memory"
    assert home(name).startswith("/parley/")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]


@pytest.mark.parametrize("name", KINDS)
def test_nothing_scales_by_itself_and_the_head_takes_no_actors(name):
    spec = cluster(name)
    assert spec["enableInTreeAutoscaling"] is False
    assert all(group["minReplicas"] == group["replicas"] == group["maxReplicas"] for group in spec["workerGroupSpecs"])
    assert nodes(name)[0]["CPU"] == 0.0


@pytest.mark.parametrize("name", KINDS)
def test_versions_images_and_token_agree(name):
    spec = cluster(name)
    assert spec["rayVersion"] == ray.__version__
    assert spec["authOptions"]["mode"] == "token"
    assert (
        f"kubectl create secret generic {spec['authOptions']['secretName']} --from-literal=auth_token="
        in (FOLDER / "storage.yaml").read_text()
    )
    assert len({container(group)["image"] for group in groups(name)}) == 1


def test_a_lost_head_is_retried_and_resumed():
    spec = manifest("rayjob")["spec"]
    assert spec["backoffLimit"] > 0
    assert "--resume" in spec["entrypoint"]
    assert spec["submitterPodTemplate"]["spec"]["restartPolicy"] == "Never"
    [submitter] = spec["submitterPodTemplate"]["spec"]["containers"]
    assert submitter["image"] == container(groups("rayjob")[0])["image"], "its ray command must speak to that Ray"


def test_both_manifests_make_the_same_cluster():
    assert cluster("rayjob") == cluster("raycluster")
