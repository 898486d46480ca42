# SPDX-License-Identifier: Apache-2.0
"""tests/lib/hulltest.py - the harness of the end-to-end tests.

A test file is a program:

    #!/usr/bin/env python3
    # SPDX-License-Identifier: Apache-2.0
    import os, sys; sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../lib"))
    from hulltest import test, skip, main

    @test("the exit status is the container's own")
    def _(t):
        r = t.run(["sh", "-c", "exit 7"])
        t.equal(r.status, 7)

    main()

Every test gets a fresh T: a temporary directory, a state root, and after it a
check that nothing is left behind (state, cgroups, mounts, processes, the owner
of /dev/null). Output is TAP; skip("what is missing") skips.

Environment: HULL_BUILD (the build directory), HULL_RUNTIME (another runtime: a
test that runc or crun fails is either wrong or says so by t.peer), HULL_KEEP=1
(leaves the temporary directory), HULL_ONLY=words (tests whose name has them).
"""
import array, atexit, contextlib, copy, fcntl, glob, json, os, pathlib, pwd, re, select
import shutil, signal, socket, stat, struct, subprocess, sys, tempfile, termios, time, traceback

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HULL_BUILD", TOP / "build")).resolve()
RUNTIME = os.environ.get("HULL_RUNTIME", str(BUILD / "hull-oci"))
PEER = re.sub(r"^hull-oci$", "hull", os.path.basename(RUNTIME))
BUSYBOX = "/bin/busybox"
IS_ROOT = os.geteuid() == 0
TAG = f"hulltest-{os.getpid()}"
CLONE_NEWNS = 0x20000


class Skip(Exception):
    pass


class Fail(Exception):
    pass


def skip(why):
    raise Skip(why)


def need_root():
    if not IS_ROOT:
        skip("not root")


def need_program(*names):
    for n in names:
        if not shutil.which(n, path=os.environ["PATH"] + ":/sbin:/usr/sbin"):
            skip(f"{n} is not installed")


# --- configurations ------------------------------------------------------------

# The capabilities that Docker gives: tests see what engines see.
CAPS = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
        "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
        "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"]
MASKED = ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
          "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
          "/sys/firmware"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
APPLETS = """sh cat ls echo id env true false sleep kill ps mount umount hostname stat grep head tail
 touch mkdir rm rmdir mknod chmod chown ln pwd test [ expr dd tty stty readlink find wc sort cut tr
 sed awk uname date nproc seq ip printf od chroot sync free df cp mv whoami ulimit setsid nc
 unshare sha256sum md5sum yes timeout trap usleep dmesg chgrp mkfifo realpath hexdump taskset
 renice nice chrt ionice""".split()


def base_config():
    """What `runc spec` writes, without a terminal, cgroups below our own tag."""
    mount = lambda d, t, s, *o: {"destination": d, "type": t, "source": s, "options": list(o)}
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False, "user": {"uid": 0, "gid": 0}, "args": ["true"],
            "env": ["PATH=/bin:/sbin:/usr/bin:/usr/sbin", "TERM=xterm"], "cwd": "/",
            "capabilities": {k: list(CAPS) for k in ("bounding", "effective", "permitted")},
            "noNewPrivileges": True},
        "root": {"path": "rootfs", "readonly": False},
        "hostname": "hull",
        "mounts": [
            mount("/proc", "proc", "proc"),
            mount("/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
            mount("/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance",
                  "ptmxmode=0666", "mode=0620", "gid=5"),
            mount("/dev/shm", "tmpfs", "shm", "nosuid", "noexec", "nodev", "mode=1777",
                  "size=65536k"),
            mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
            mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        ],
        "linux": {
            "resources": {"devices": [{"allow": False, "access": "rwm"}]},
            "namespaces": [{"type": n} for n in ("pid", "network", "ipc", "uts", "mount")],
            "maskedPaths": list(MASKED), "readonlyPaths": list(READONLY)},
    }


def merge(config, changes):
    """Merges a dict of changes into a configuration: dicts are merged, None
    removes a key, all else (lists too) replaces. Keys with dots are paths."""
    for key, value in changes.items():
        node = config
        *path, last = key.split(".") if not key.startswith(("/", "run.oci", "org.", "io.")) else [key]
        for part in path:
            node = node.setdefault(part, {})
        if value is None:
            node.pop(last, None)
        elif isinstance(value, dict) and isinstance(node.get(last), dict):
            merge(node[last], value)
        else:
            node[last] = value
    return config


# --- the ordinary user of rootless tests ------------------------------------------

class User:
    """An ordinary user; made (with 65536 subordinate ids) when we are root."""

    def __init__(self):
        if not IS_ROOT:
            self.uid, self.gid = os.getuid(), os.getgid()
            self.name, self.made = pwd.getpwuid(self.uid).pw_name, False
            return
        need_program("useradd", "newuidmap")
        self.name = f"hull{os.getpid()}"
        self._do("useradd", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/sh",
                 "--user-group", self.name)
        self.made = True
        entry = pwd.getpwnam(self.name)
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        atexit.register(self.remove)
        for which in ("subuid", "subgid"):
            if not self.sub(which):
                start = 1000000 + self.uid * 65536
                self._do("usermod", f"--add-{which}s", f"{start}-{start + 65535}", self.name)

    @staticmethod
    def _do(*args):
        for _ in range(50):  # another test may hold the lock of /etc/passwd
            r = subprocess.run(args, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if r.returncode == 0:
                return
            if "lock" not in r.stderr:
                break
            time.sleep(0.1)
        raise Fail(f"{' '.join(args)}: {r.stderr}")

    def sub(self, which):
        """(first, count) of the subordinate ids, or None."""
        for line in pathlib.Path(f"/etc/{which}").read_text().splitlines():
            name, first, count = line.split(":")
            if name == self.name:
                return int(first), int(count)
        return None

    def remove(self):
        if self.made:
            self.made = False
            with contextlib.suppress(Fail):
                self._do("userdel", self.name)


_user = None


def ordinary_user():
    global _user
    if not _user:
        _user = User()
    return _user


# --- private mount namespaces -------------------------------------------------------

class Namespace:
    """A process that holds a private mount namespace, changed by a script."""

    def __init__(self, script):
        need_root()
        self.proc = subprocess.Popen(
            ["unshare", "-m", "--propagation", "slave", "sh", "-ec", script + "\necho ready; exec sleep 1000"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.proc.stdout.readline().strip() != "ready":
            raise Fail("private mount namespace: " + self.proc.stderr.read())
        atexit.register(self.close)
        self.prefix = ["nsenter", "-t", str(self.proc.pid), "-m", "--"]

    def close(self):
        self.proc.kill()
        self.proc.wait()


_v2 = None


def v2_namespace():
    """One where /sys/fs/cgroup is the unified hierarchy and nothing else."""
    global _v2
    if is_v2_host():
        return None
    if not _v2:
        _v2 = Namespace("umount -l /sys/fs/cgroup/unified 2>/dev/null || true\n"
                        "mount -t cgroup2 none /sys/fs/cgroup")
    return _v2


def is_v2_host():
    return os.path.exists("/sys/fs/cgroup/cgroup.controllers")


_default = None


def default_namespace():
    """crun refuses hybrid cgroups: it runs where the v2 side is not mounted."""
    global _default
    if PEER == "crun" and IS_ROOT and os.path.ismount("/sys/fs/cgroup/unified"):
        if not _default:
            _default = Namespace("umount /sys/fs/cgroup/unified")
        return _default
    return None


# --- one test ------------------------------------------------------------------------

class Result:
    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err

    @property
    def lines(self):
        return self.out.splitlines()

    def __str__(self):
        return (f"$ {' '.join(map(str, self.args))}\nstatus {self.status}\n"
                f"out: {self.out!r}\nerr: {self.err!r}")


class T:
    def __init__(self, number):
        self.peer = PEER
        self.runtime = RUNTIME
        self.number = number
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"{TAG}-{number}-"))
        os.chmod(self.dir, 0o755)
        self.root = self.dir / "state"
        self.user = None         # rootless(): who runs the runtime
        self.ns = default_namespace() if IS_ROOT else None
        self.globals, self.prefix = [], []  # options; words in front of the runtime
        self.env = {"PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"}
        self.ids, self.results, self.cleanups = [], [], []
        self.n = 0

    # -- set-up

    def rootless(self):
        """From here on the runtime is run by an ordinary user."""
        self.user = ordinary_user()
        self.ns = None
        if IS_ROOT:
            os.chown(self.dir, self.user.uid, self.user.gid)
        run = self.dir / "run"
        run.mkdir(mode=0o700)
        if IS_ROOT:
            os.chown(run, self.user.uid, self.user.gid)
        self.env.update(XDG_RUNTIME_DIR=str(run), HOME=str(self.dir), USER=self.user.name)
        return self.user

    def rootless_config(self):
        """Changes that make base_config() one for an ordinary user."""
        uid, gid = self.user.sub("subuid"), self.user.sub("subgid")
        if not uid or not gid:
            skip("no subordinate ids in /etc/subuid and /etc/subgid")
        maps = lambda own, sub: [{"containerID": 0, "hostID": own, "size": 1},
                                 {"containerID": 1, "hostID": sub[0], "size": sub[1]}]
        return {"linux.namespaces": [{"type": n} for n in
                                     ("pid", "network", "ipc", "uts", "mount", "user")],
                "linux.uidMappings": maps(self.user.uid, uid),
                "linux.gidMappings": maps(self.user.gid, gid),
                "linux.resources": None, "linux.cgroupsPath": None}

    def v2(self):
        """From here on the runtime sees a unified cgroup hierarchy."""
        need_root()
        self.ns = v2_namespace()

    def name(self):
        self.n += 1
        return f"{TAG}-{self.number}-{self.n}"

    def bundle(self, args=None, changes=None, edit=None, name=None):
        """A bundle directory: busybox and a configuration."""
        self.n += 1
        b = self.dir / (name or f"bundle{self.n}")
        b.mkdir()
        fill_rootfs(b / "rootfs")
        self.config(b, args, changes, edit)
        if self.user and IS_ROOT:
            for p in [b, b / "rootfs", b / "config.json", *(b / "rootfs").iterdir()]:
                os.chown(p, self.user.uid, self.user.gid, follow_symlinks=False)
        return b

    def config(self, bundle, args=None, changes=None, edit=None):
        """(Over)writes the configuration of a bundle."""
        c = base_config()
        if self.user:
            merge(c, self.rootless_config())
        else:
            c["linux"]["cgroupsPath"] = f"/{TAG}/{self.number}-{self.n}"
        if args is not None:
            c["process"]["args"] = list(args)
        merge(c, copy.deepcopy(changes or {}))
        if edit:
            edit(c)
        (bundle / "config.json").write_text(json.dumps(c, indent=1))
        return c

    # -- running

    def command(self, *args):
        pre = self.ns.prefix if self.ns else []
        return [*pre, *self.prefix, self.runtime, "--root", str(self.root), *self.globals,
                *(a if isinstance(a, bytes) else str(a) for a in args)]

    def popen(self, *args, **kw):
        if self.user and IS_ROOT:
            kw.update(user=self.user.uid, group=self.user.gid, extra_groups=[])
        kw.setdefault("cwd", self.dir)
        kw.setdefault("env", self.env)
        return subprocess.Popen(self.command(*args), **kw)

    def rt(self, *args, input="", timeout=30, detached=False, **kw):
        """Runs the runtime with these arguments. `detached` gives stdio that a
        container may keep open (files, not pipes that we would wait for)."""
        if detached:
            out, err = (open(self.dir / f"{x}{len(self.results)}", "w+") for x in ("out", "err"))
            p = self.popen(*args, stdin=subprocess.DEVNULL, stdout=out, stderr=err, **kw)
            try:
                p.wait(timeout)
            except subprocess.TimeoutExpired:
                p.kill()
                raise Fail(f"no end after {timeout} s: {' '.join(map(str, args))}")
            texts = [pathlib.Path(f.name).read_text(errors="replace") for f in (out, err)]
            out.close(), err.close()
        else:
            p = self.popen(*args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, **kw)
            try:
                o, e = p.communicate(input.encode(), timeout)
            except subprocess.TimeoutExpired:
                p.kill()
                raise Fail(f"no end after {timeout} s: {' '.join(map(str, args))}")
            texts = [o.decode(errors="replace"), e.decode(errors="replace")]
        r = Result(args, p.returncode, *texts)
        self.results.append(r)
        return r

    def ok(self, *args, **kw):
        """The same, and the exit status must be 0."""
        r = self.rt(*args, **kw)
        if r.status != 0:
            raise Fail(f"exit status {r.status} of: {' '.join(map(str, args))}")
        return r

    def fails(self, *args, **kw):
        """The same, and it must be refused with one line (and maybe a hint)."""
        r = self.rt(*args, **kw)
        if r.status == 0:
            raise Fail(f"was expected to fail: {' '.join(map(str, args))}")
        if r.status < 0:
            raise Fail(f"died of signal {-r.status}")
        return r

    def run(self, args=None, changes=None, edit=None, bundle=None, options=(), id=None, **kw):
        """run in the foreground, to its end."""
        b = bundle or self.bundle(args, changes, edit)
        i = id or self.name()
        self.ids.append(i)
        return self.rt("run", "--bundle", b, *options, i, **kw)

    def output(self, args, changes=None, edit=None, **kw):
        """What a container printed, which must have ended with 0."""
        r = self.run(args, changes, edit, **kw)
        if r.status != 0:
            raise Fail(f"the container ended with {r.status}")
        return r.out.strip()

    def start(self, args=("sleep", "100"), changes=None, edit=None, bundle=None, options=(),
              id=None, **kw):
        """A container in the background; its id."""
        b = bundle or self.bundle(args, changes, edit)
        i = id or self.name()
        self.ids.append(i)
        r = self.rt("run", "--detach", "--bundle", b, *options, i, detached=True, **kw)
        if r.status != 0:
            raise Fail(f"run --detach ended with {r.status}")
        return i

    def create(self, args=("sleep", "100"), changes=None, edit=None, bundle=None, options=(),
               id=None, **kw):
        b = bundle or self.bundle(args, changes, edit)
        i = id or self.name()
        self.ids.append(i)
        r = self.rt("create", "--bundle", b, *options, i, detached=True, **kw)
        if r.status != 0:
            raise Fail(f"create ended with {r.status}")
        return i

    def state(self, id):
        return json.loads(self.ok("state", id).out)

    def pid(self, id):
        return self.state(id)["pid"]

    def wait_status(self, id, status, seconds=5):
        self.until(lambda: self.state(id)["status"] == status, f"{id} is {status}", seconds)

    def until(self, fn, what, seconds=5):
        end = time.monotonic() + seconds
        while not fn():
            if time.monotonic() > end:
                raise Fail(f"waited {seconds} s in vain: {what}")
            time.sleep(0.01)

    # -- checks

    def equal(self, got, want, what=""):
        if got != want:
            raise Fail(f"{what + ': ' if what else ''}got {got!r}, wanted {want!r}")

    def true(self, cond, what):
        if not cond:
            raise Fail(what)

    def has(self, text, part):
        if part not in text:
            raise Fail(f"{part!r} is not in {text!r}")

    def match(self, text, pattern):
        if not re.search(pattern, text, re.M):
            raise Fail(f"{text!r} does not match {pattern!r}")

    # -- the end

    def tidy(self):
        """Removes what the test made; says what it should not have left."""
        left = []
        for fn in reversed(self.cleanups):
            fn()
        for i in self.ids:
            with contextlib.suppress(Exception):
                self.rt("delete", "--force", i, timeout=10)
        if self.root.is_dir():
            names = [p.name for p in self.root.iterdir() if p.name in self.ids]
            if names:
                left.append(f"state of {' '.join(names)}")
        left += leftover_cgroups(f"{TAG}/{self.number}-*", self.ns)
        left += leftover_mounts(self.dir)
        left += repair_dev_null()
        if not os.environ.get("HULL_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
        return left


def fill_rootfs(root):
    """A root file system of one static busybox."""
    for d in ("bin", "dev", "etc", "home", "proc", "sys", "tmp", "root", "run", "var", "mnt"):
        (root / d).mkdir(parents=True)
    os.chmod(root / "tmp", 0o1777)
    try:
        os.link(template() / "busybox", root / "bin/busybox")
    except OSError:
        shutil.copy(BUSYBOX, root / "bin/busybox")
    for a in APPLETS:
        with contextlib.suppress(FileExistsError):
            os.symlink("busybox", root / "bin" / a)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n"
                                     "user:x:1000:1000:user:/home:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")


_template = None


def template():
    """Our own copy of busybox: a container must never reach the host's."""
    global _template
    if not _template:
        if not os.access(BUSYBOX, os.X_OK):
            skip("busybox-static is not installed")
        _template = pathlib.Path(tempfile.mkdtemp(prefix=f"{TAG}-template-"))
        os.chmod(_template, 0o755)
        shutil.copy(BUSYBOX, _template / "busybox")
        atexit.register(shutil.rmtree, _template, True)
    return _template


def leftover_cgroups(pattern, ns):
    base = f"/proc/{ns.proc.pid}/root/sys/fs/cgroup" if ns else "/sys/fs/cgroup"
    left = []
    for p in {*glob.glob(f"{base}/*/{pattern}"), *glob.glob(f"{base}/{pattern}")}:
        if os.path.isdir(p) and not os.path.islink(os.path.dirname(os.path.dirname(p))):
            left.append(f"cgroup {p}")
            for d, _, _ in os.walk(p, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(d)
    for p in {*glob.glob(f"{base}/*/{TAG}"), *glob.glob(f"{base}/{TAG}")}:
        with contextlib.suppress(OSError):
            os.rmdir(p)
    return left


def leftover_mounts(directory):
    left = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        where = line.split()[4]
        if where.startswith(str(directory)):
            left.append(f"mount {where}")
    for m in reversed(left):
        subprocess.run(["umount", "-l", m[6:]], stderr=subprocess.DEVNULL)
    return left


def repair_dev_null():
    """Old runc and crun give the host's /dev/null away."""
    s = os.stat("/dev/null")
    if (s.st_uid, s.st_gid, stat.S_IMODE(s.st_mode)) == (0, 0, 0o666):
        return []
    if IS_ROOT:
        os.chown("/dev/null", 0, 0)
        os.chmod("/dev/null", 0o666)
    return [] if PEER in ("runc", "crun") else ["/dev/null with another owner or mode"]


# --- terminals -----------------------------------------------------------------------

class ConsoleSocket:
    """Listens as an engine does for --console-socket."""

    def __init__(self, t, name="console.sock"):
        self.path = str(t.dir / name)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.bind(self.path)
        os.chmod(self.path, 0o666)
        self.sock.listen(1)
        self.sock.settimeout(10)
        self.fd = -1
        t.cleanups.append(self.close)

    def receive(self):
        """The terminal's master side (a file descriptor)."""
        conn, _ = self.sock.accept()
        conn.settimeout(10)
        msg, anc, _, _ = conn.recvmsg(4096, socket.CMSG_SPACE(4 * 4))
        conn.close()
        fds = array.array("i")
        for level, kind, data in anc:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(data[:len(data) - len(data) % 4])
        if len(fds) != 1:
            raise Fail(f"{len(fds)} file descriptors over the console socket")
        self.fd, self.message = fds[0], msg.decode(errors="replace")
        return self.fd

    def close(self):
        self.sock.close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def read_fd(fd, until=None, seconds=5):
    """Reads a terminal until a pattern, its end, or the time is over."""
    data, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.05)[0]:
            continue
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        data += piece
        if until and re.search(until.encode(), data):
            break
    return data.decode(errors="replace")


def set_size(fd, rows, cols):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


# --- the run --------------------------------------------------------------------------

_tests = []


def test(name):
    def register(fn):
        _tests.append((name, fn))
        return fn
    return register


def run_one(number, name, fn):
    t, problem, reason = None, None, None
    try:
        t = T(number)
        fn(t)
    except Skip as s:
        reason = str(s)
    except Fail as f:
        where = [x for x in traceback.extract_tb(f.__traceback__) if "hulltest.py" not in x.filename]
        problem = (f"line {where[-1].lineno}: " if where else "") + str(f)
    except Exception:
        problem = traceback.format_exc()
    left = t.tidy() if t else []
    if left and not problem and PEER == "hull":
        problem = "left behind: " + "; ".join(left)
    if problem:
        for r in t.results[-6:] if t else []:
            problem += "\n" + str(r)
        print("".join(f"# {line}\n" for line in problem.splitlines()), end="")
    words = f"{number} - {name}" + (f" # SKIP {reason}" if reason and not problem else "")
    print(("not ok " if problem else "ok ") + words, flush=True)
    return not problem


def main():
    only = os.environ.get("HULL_ONLY", "")
    chosen = [(n, fn) for n, fn in _tests if only in n]
    good = [run_one(i, n, fn) for i, (n, fn) in enumerate(chosen, 1)]
    print(f"1..{len(chosen)}")
    sys.exit(0 if all(good) else 1)
