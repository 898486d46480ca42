# SPDX-License-Identifier: Apache-2.0
"""Work for a python3 that is watched: the modules that are written in C, each a little."""
import array, asyncio, bz2, ctypes.util, dbm, fcntl, getpass, glob, grp, gzip, hashlib, http.client, json, locale, lzma
import math, mmap, multiprocessing, os, pty, pwd, queue, random, resource, select, shutil, signal, socket, sqlite3, ssl
import struct, subprocess, syslog, tempfile, termios, threading, time, tty, urllib.request, uuid, zlib


def attempt(f, *args, **kwargs):
    try:
        return f(*args, **kwargs)
    except Exception:
        return None


async def later():
    p = await asyncio.create_subprocess_exec("true")
    await p.wait()
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    await asyncio.open_connection(*server.sockets[0].getsockname())
    server.close()


t = threading.Thread(target=time.sleep, args=(0.01,))
t.start(), t.join()
a, b = socket.socketpair()
a.send(b"x"), b.recv(1)
listener = socket.create_server(("127.0.0.1", 0))
peer = socket.create_connection(listener.getsockname())
attempt(listener.accept)
attempt(socket.getaddrinfo, "localhost", 80)
attempt(socket.gethostbyaddr, "127.0.0.1")
attempt(socket.if_nameindex)
u = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
attempt(u.sendmsg, [b"a"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))], 0, "none")
if not os.fork():
    os._exit(0)
os.wait()
subprocess.run("echo a", shell=True)
subprocess.run(["true"], close_fds=True, start_new_session=True)
os.system("true")
attempt(os.posix_spawn, "/bin/true", ["true"], {})
attempt(pty.spawn, "true")
asyncio.run(later())
for f in (os.getrandom,):
    f(4)
for f, args in ((os.listdir, (".",)), (os.statvfs, ("/",)), (os.getloadavg, ()), (os.sched_getaffinity, (0,)),
                (os.sched_yield, ()), (os.getpriority, (0, 0)), (os.nice, (1,)), (os.memfd_create, ("a",)),
                (os.eventfd, (1,)) if hasattr(os, "eventfd") else (os.getpid, ()), (os.pidfd_open, (os.getpid(),)),
                (os.copy_file_range, (0, 1, 0)), (os.splice, (0, 1, 1)) if hasattr(os, "splice") else (os.getpid, ()),
                (os.setpgid, (0, 0)), (os.getgroups, ()), (os.getresuid, ()), (os.times, ()), (os.umask, (0o22,)),
                (os.getxattr, ("words", "user.a")), (os.mkfifo, ("pfifo",)), (os.chroot, ("none",)),
                (os.posix_fadvise, (0, 0, 0, 0)), (os.sync, ()), (os.ctermid, ()), (os.getlogin, ())):
    attempt(f, *args)
with tempfile.TemporaryDirectory() as d:
    shutil.copy("words", d), shutil.copytree("tree", d + "/t"), shutil.make_archive(d + "/a", "gztar", "tree")
with open("mm", "w+b") as f:
    f.truncate(4096)
    m = mmap.mmap(f.fileno(), 4096)
    m[0] = 1
    m.flush()
    fcntl.flock(f, fcntl.LOCK_EX), attempt(fcntl.lockf, f, fcntl.LOCK_UN), os.fsync(f.fileno()), attempt(m.madvise, 4)
signal.signal(signal.SIGALRM, lambda *_: None), signal.setitimer(signal.ITIMER_REAL, 0.01), signal.pause()
signal.pthread_sigmask(0, []), attempt(signal.sigtimedwait, [signal.SIGUSR1], 0), signal.set_wakeup_fd(-1)
select.select([], [], [], 0.01), select.poll().poll(1), select.epoll().poll(0.01)
resource.getrusage(0), resource.getrlimit(7), attempt(resource.setrlimit, 4, (0, 0)), attempt(resource.prlimit, 0, 7)
pwd.getpwnam("root"), grp.getgrgid(0), attempt(getpass.getuser)
db = sqlite3.connect("pydb")
db.execute("create table a(b)"), db.execute("insert into a values(1)"), db.commit(), db.close()
ssl.create_default_context(), hashlib.sha256(b"a"), hashlib.scrypt(b"a", salt=b"b", n=2, r=1, p=1)
attempt(dbm.open, "pydbm", "c")
zlib.compress(b"a"), bz2.compress(b"a"), lzma.compress(b"a"), gzip.open("pyg", "w").close()
syslog.syslog(syslog.LOG_DEBUG, "a"), uuid.uuid1(), random.random(), time.tzset(), locale.setlocale(locale.LC_ALL, "")
with multiprocessing.Pool(2) as pool:
    pool.map(math.sqrt, [1, 2])
q = multiprocessing.Queue()
q.put(1), q.get()
from multiprocessing import shared_memory
s = shared_memory.SharedMemory(create=True, size=9)
s.close(), s.unlink()
attempt(urllib.request.urlopen, "http://127.0.0.1:" + os.environ.get("HTTP", "9"))
os.execv("/bin/true", ["true"])
