# SPDX-License-Identifier: Apache-2.0
"""Which system calls programs were seen to make, by strace, each charged to the
program that the calling process was running at that moment."""
import os, re, signal, subprocess, tempfile

CALL = re.compile(r"^(\d+)\s+(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed>)(.*)$")
CHILD = re.compile(r"= (\d+)(?: .*)?$")
FORKS = {"clone", "clone3", "fork", "vfork"}


def run(command, env=None, timeout=120, edges=None, **kwargs):
    """Runs a shell command under strace -f. Returns ({path: {call, ...}}, exit status);
    edges, a set, gets the pairs of programs of which the first executed the second."""
    fd, log = tempfile.mkstemp(prefix="hull-strace-")
    os.close(fd)
    try:
        done = subprocess.Popen(["strace", "-f", "-qq", "-o", log, "-s", "4096", "-e", "signal=none",
                                 "/bin/sh", "-c", command], env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                start_new_session=True, **kwargs)
        try:
            done.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            done.wait()
            raise
        with open(log, errors="replace") as lines:
            return charge(lines, edges, kwargs.get("cwd", "/")), done.returncode
    finally:
        os.unlink(log)


def charge(lines, edges=None, folder="/"):
    """Of strace's lines; relative paths are seen from the folder."""
    running, parents, seen, pending, orphans = {}, {}, {}, {}, {}
    early = {}  # what a child did before its parent's fork returned
    for line in lines:
        m = CALL.match(line)
        if not m:
            continue
        pid, call, rest = m.groups()
        if call == "execve":
            path = re.match(r'"((?:[^"\\]|\\.)*)"', rest)
            if path:
                pending[pid] = path.group(1)
            if pending.get(pid) == "/proc/self/exe":
                continue  # busybox, into itself
            if re.search(r"= 0$", rest.strip()) and pid in pending:
                path = os.path.realpath(os.path.join(folder, pending[pid]))
                if pid not in running:
                    orphans[pid] = path  # its parent's fork has not returned yet
                elif edges is not None:
                    edges.add((running[pid], path))
                running[pid] = path
                for c in early.pop(pid, ()):
                    pass  # before the exec it was its parent's program
            continue
        if call in FORKS and (child := CHILD.search(rest.strip())):
            parents[child.group(1)] = pid
            if edges is not None and pid in running and child.group(1) in orphans:
                edges.add((running[pid], orphans.pop(child.group(1))))
            if pid in running:
                running.setdefault(child.group(1), running[pid])
                seen.setdefault(running[pid], set()).update(early.pop(child.group(1), ()))
        if pid in running:
            seen.setdefault(running[pid], set()).add(call)
        else:
            early.setdefault(pid, set()).add(call)
    # Children whose number is another one in their parent's namespace.
    if edges is not None:
        edges |= {(parent, path) for path in orphans.values() for parent in seen}
    return seen
