#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/lib/refuse.py NUMBER ERRNO PROGRAM... - runs the program under a seccomp filter
that answers one system call with an error (ENOSYS: as a kernel that has not got it).
For calls that strace has no name for, and cannot inject into."""
import ctypes, errno, os, struct, sys

BPF_LD_W_ABS, BPF_JEQ_K, BPF_RET_K = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_SECCOMP, FILTER = 22, 2

code = b"".join(struct.pack("HBBI", *line) for line in [
    (BPF_LD_W_ABS, 0, 0, 0), (BPF_JEQ_K, 0, 1, int(sys.argv[1])),
    (BPF_RET_K, 0, 0, ERRNO | getattr(errno, sys.argv[2])), (BPF_RET_K, 0, 0, ALLOW)])
text = ctypes.create_string_buffer(code)
program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(text))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_SECCOMP, FILTER, program, 0, 0) != 0:
    sys.exit(f"refuse: prctl: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[3], sys.argv[3:])
