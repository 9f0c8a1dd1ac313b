"""Machines of a network without machines: each has a network namespace of its own, on one bridge.

All of it ends with this process: it runs in a namespace itself, into which `enter_own_network` brings it.
"""

import ctypes
import os
import shutil
import subprocess
import time
from pathlib import Path

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET; `os.unshare` exists from Python 3.12 on."""
NOBODY = "02:00:00:00:00:99"
"""The address of no machine: packets to it arrive nowhere, as when a cable is cut."""
PROGRAMS = ("ip", "nsenter", "unshare")


def enter_own_network() -> str:
    """Bring this process into a network of its own; return why that is not possible, or nothing."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} is not installed: Debian's packages are iproute2 and util-linux"
    if os.getuid() != 0:
        return "only root can make network namespaces"
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_NETWORK) != 0:
        return f"network namespaces are not allowed here: {os.strerror(ctypes.get_errno())}"
    try:
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "bridge0", "type", "bridge")
        _run("ip", "address", "add", "10.77.0.1/24", "dev", "bridge0")
        _run("ip", "link", "set", "bridge0", "up")
    except subprocess.CalledProcessError as error:
        return f"{' '.join(error.cmd)}: {error.stderr.decode().strip()}"
    return ""


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


class Machine:
    """A network namespace with one address."""

    def __init__(self, number: int) -> None:
        self.address, self._device = f"10.77.0.{10 + number}", f"inner{number}"
        self._process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own, theirs = Path("/proc/self/ns/net"), Path(f"/proc/{self._process.pid}/ns/net")
        while own.readlink() == theirs.readlink():
            time.sleep(0.01)
        self.inside = ("nsenter", "--target", str(self._process.pid), "--net")
        """The beginning of a command that runs in it."""
        _run("ip", "link", "add", f"outer{number}", "type", "veth", "peer", "name", self._device)
        _run("ip", "link", "set", f"outer{number}", "master", "bridge0", "up")
        _run("ip", "link", "set", self._device, "netns", str(self._process.pid))
        _run(*self.inside, "ip", "link", "set", "lo", "up")
        _run(*self.inside, "ip", "address", "add", f"{self.address}/24", "dev", self._device)
        _run(*self.inside, "ip", "link", "set", self._device, "up")

    def part(self, other: "Machine") -> None:
        """Let no packet from here arrive at another machine, until `heal`."""
        _run(*self.inside, "ip", "neigh", "replace", other.address, "lladdr", NOBODY, "dev", self._device)

    def heal(self, other: "Machine") -> None:
        _run(*self.inside, "ip", "neigh", "del", other.address, "dev", self._device)

    def remove(self) -> None:
        self._process.kill()
        self._process.wait()
