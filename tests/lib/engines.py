# SPDX-License-Identifier: Apache-2.0
"""tests/lib/engines.py - container engines with everything of theirs in a
temporary directory, inside private mount and network namespaces."""
import os, pathlib, shutil, signal, subprocess, sys, tarfile, tempfile, time

import hulltest
from hulltest import Fail, RUNTIME, T, fill_rootfs, need_program, need_root, skip


def private():
    """Starts this test file again in namespaces of its own; call it first. What
    the engines mount and which interfaces they make ends with it."""
    if os.environ.get("HULL_PRIVATE") or os.geteuid() != 0:
        return
    os.environ["HULL_PRIVATE"] = "1"
    script = "ip link set lo up 2>/dev/null; "
    # Old crun refuses hybrid cgroups.
    if hulltest.PEER == "crun":
        script += "umount /sys/fs/cgroup/unified 2>/dev/null; "
    os.execvp("unshare", ["unshare", "-mn", "--propagation", "slave", "sh", "-c",
                          script + 'exec "$@"', "sh", sys.executable, *sys.argv])


class Engine:
    """One engine's directory, environment and a way to call it."""

    def __init__(self, program):
        need_root()
        need_program(program)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="hulleng-", dir="/tmp"))
        self.env = {"PATH": os.environ["PATH"] + ":/sbin:/usr/sbin", "HOME": str(self.dir),
                    "TMPDIR": str(self.dir), "XDG_RUNTIME_DIR": str(self.dir / "xdg"),
                    "CONTAINERS_CONF": str(self.dir / "containers.conf"),
                    "REGISTRY_AUTH_FILE": str(self.dir / "auth.json")}
        (self.dir / "xdg").mkdir(mode=0o700)
        (self.dir / "auth.json").write_text("{}")
        (self.dir / "containers.conf").write_text(
            '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=4096:4096"]\n'
            '[engine]\nevents_logger="none"\ncgroup_manager="cgroupfs"\n'
            f'[engine.runtimes]\nundertest=["{RUNTIME}"]\n')

    def rootfs(self):
        root = self.dir / "rootfs"
        if not root.exists():
            fill_rootfs(root)
        return root

    def call(self, *args, timeout=60, **kw):
        r = subprocess.run([str(a) for a in args], env=self.env, capture_output=True, text=True,
                           timeout=timeout, stdin=kw.pop("stdin", subprocess.DEVNULL), **kw)
        return hulltest.Result(args, r.returncode, r.stdout, r.stderr)

    def close(self):
        hulltest.leftover_mounts(self.dir)
        shutil.rmtree(self.dir, ignore_errors=True)
        hulltest.repair_dev_null()
