"""SLURM on this machine alone, without an accounting database: the smallest cluster there is.

    python tests/cluster/slurm_node.py start FOLDER [--install]
    python tests/cluster/slurm_node.py stop FOLDER

Needs root and Debian's packages slurm-wlm and munge (``--install`` gets them). Everything lies in
the folder, but for links in /etc/slurm, since programs inside a job look there. The daemons listen
to this machine only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

LINKS = ("slurm.conf", "gres.conf")
ETC = Path("/etc/slurm")
# A finished job is forgotten soon, a job that takes more than it asked for is ended, and memory is
# said to be plenty: it is what jobs ask for that is tested.
CONFIGURATION = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={port}
SlurmdPort={port_of_node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MinJobAge=60
KillWait=5
SlurmdTimeout=60
ReturnToService=2
MpiDefault=none
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000 Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class SlurmNode:
    """The daemons, and what they know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _left_behind(self) -> bool:
        """Whether the configuration is that of a node here that was killed before it ended."""
        link = ETC / LINKS[0]
        running = subprocess.run(["pgrep", "-x", "slurmctld|slurmd"], capture_output=True)
        return (
            link.is_symlink()
            and link.read_text().startswith(CONFIGURATION.splitlines()[0])
            and running.returncode == 1
        )

    def start(self) -> None:
        """Start munged, slurmctld and slurmd, and wait until the node is idle."""
        for name in ("munged", "slurmctld", "slurmd", "sbatch"):
            if not shutil.which(name):
                sys.exit(f"{name} is not there: apt-get install slurm-wlm munge, or use --install")
        for name in LINKS:
            if (ETC / name).exists() and not self._left_behind():
                sys.exit(f"{ETC / name} exists: this machine belongs to a cluster already")
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        host = socket.gethostname()
        configuration = CONFIGURATION.format(
            folder=self.folder,
            host=host,
            cpus=os.cpu_count(),
            port=_free_port(),
            port_of_node=_free_port(),
        )
        (self.folder / "slurm.conf").write_text(configuration)
        # A device of a GPU there must be: this one is another /dev/null.
        device = self.folder / "gpu0"
        if not device.exists():
            os.mknod(device, 0o666 | 0o020000, os.makedev(1, 3))
        (self.folder / "gres.conf").write_text(f"NodeName={host} Name=gpu File={device}\n")
        ETC.mkdir(exist_ok=True)
        for name in LINKS:
            (ETC / name).unlink(missing_ok=True)
            (ETC / name).symlink_to(self.folder / name)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(64))
        key.chmod(0o400)
        self.folder.chmod(0o755)
        names = ("key", "socket", "pid", "log", "seed")
        files = {name: self.folder / f"munge.{name}" for name in names}
        _run(
            *(
                "munged",
                "--force",
                f"--key-file={files['key']}",
                f"--socket={files['socket']}",
            ),
            *(f"--pid-file={files['pid']}", f"--log-file={files['log']}"),
            f"--seed-file={files['seed']}",
        )
        _run("slurmctld", "-c")
        _run("slurmd")
        deadline = time.monotonic() + 60
        while "idle" not in said("sinfo", "--noheader", "--format=%T"):
            if time.monotonic() > deadline:
                sys.exit(f"the node does not come up: see {self.folder}/slurmctld.log")
            time.sleep(0.5)

    def stop(self) -> None:
        """End all jobs and the daemons."""
        with suppress(OSError):
            subprocess.run(["scancel", "--user=root"], capture_output=True, timeout=60)
            time.sleep(3)
        for name in ("slurmd", "slurmctld", "munge"):
            with suppress(OSError, ValueError):
                os.kill(int((self.folder / f"{name}.pid").read_text()), signal.SIGTERM)
        for name in LINKS:
            with suppress(OSError):
                if (ETC / name).resolve() == (self.folder / name).resolve():
                    (ETC / name).unlink()

    def jobs(self, name: str, state: str = "") -> list[str]:
        """Return the numbers of the jobs of a name that wait or run, or of those in a state."""
        more = [f"--states={state}"] if state else []
        return said("squeue", "--noheader", "--format=%i", f"--name={name}", *more).split()

    def set_state(self, state: str) -> None:
        """Take the node down, or resume it, unless it has come back by itself."""
        said("scontrol", "update", f"nodename={socket.gethostname()}", f"state={state}", "reason=t")


def said(*command: str) -> str:
    """Return what a program says."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def install() -> None:
    """Get the packages of Debian; nothing is started by them."""
    policy = Path("/usr/sbin/policy-rc.d")
    made = not policy.exists()
    if made:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        _run("apt-get", "update", "-q")
        _run(
            "apt-get",
            "install",
            "-q",
            "-y",
            "--no-install-recommends",
            "slurm-wlm",
            "munge",
        )
    finally:
        if made:
            policy.unlink()


def _run(*command: str) -> None:
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)}: {run.stdout[-500:]}{run.stderr[-500:]}")


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["start", "stop"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--install", action="store_true")
    options = parser.parse_args()
    if options.install:
        install()
    node = SlurmNode(options.folder.resolve())
    node.start() if options.what == "start" else node.stop()
