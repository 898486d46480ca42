# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/criu.sh - checkpoint and restore: the program goes on where it
# was, as locked in as it was. (CRIU 3.17 cannot do that on the newest kernels,
# for any runtime.)
# programs: criu tar gzip ip iptables-save iptables-restore ip6tables-save ip6tables-restore
# files: /usr/lib/x86_64-linux-gnu/xtables
# built: hull-oci
# modules: unix_diag inet_diag tcp_diag udp_diag raw_diag af_packet_diag netlink_diag veth nf_tables nft_compat x_tables nf_conntrack_netlink
# memory: 512
# timeout: 150
. /lab/tap.sh
. /lab/oci.sh

ok "criu likes this kernel" criu check
count='["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; mkdir /tmp/dir 2>/dev/null; sleep 0.2; done"]'
hook() { echo "[{ \"path\": \"/bin/sh\", \"args\": [\"sh\", \"-c\", \"cat >/tmp/state.$1; echo $1 >>/tmp/hooks\"] }]"; }
bundle /c "$count" '"maskedPaths": ["/proc/kcore", "/proc/keys", "/proc/scsi", "/sys/firmware", "/proc/none"],
	"readonlyPaths": ["/proc/sys", "/proc/irq"],
	"resources": { "memory": { "limit": 67108864 }, "pids": { "limit": 50 } },
	"seccomp": { "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	  { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO" } ] },' \
	'"capabilities": { "bounding": ["CAP_KILL", "CAP_CHOWN"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"] },
	"rlimits": [{ "type": "RLIMIT_NOFILE", "soft": 100, "hard": 200 }], "oomScoreAdj": 77,'
sed -i "s|\"ociVersion\"|\"hooks\": { \"prestart\": $(hook prestart), \"createRuntime\": $(hook createRuntime), \
	\"poststart\": $(hook poststart), \"poststop\": $(hook poststop) }, \"ociVersion\"|" /c/config.json
mkdir /volume && echo words >/volume/file
sed -i 's|"mounts": \[|&{ "destination": "/volume", "type": "bind", "source": "/volume", "options": ["rbind", "ro"] },|' /c/config.json

# What locks a process in, as the kernel tells it.
locks() {
	grep -E '^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups|NSpid)' "/proc/$1/status" | sed 's/^NSpid:.*\t/NSpid:\t/'
	sed 's/  */ /g' "/proc/$1/limits" | grep 'open files'
	cat "/proc/$1/oom_score_adj"
	sed 's/ - \([^ ]*\) .*/ \1/' "/proc/$1/mountinfo" | cut -d ' ' -f 5- |
		sed 's/ \(shared\|master\):[0-9]*//' | sort
	# A process without the host's is in its own.
	for n in mnt pid net ipc uts cgroup; do
		[ "$(readlink "/proc/$1/ns/$n")" != "$(readlink /proc/self/ns/$n)" ] && echo "own $n"
	done
}
pid() { hull-oci state "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'; }

# Not under ok(): the program would keep a file open that is not in its image.
hull-oci run --detach --bundle /c c1 >/dev/null 2>&1
is "run" "$(status c1)" running
ok "it counts" await 20 sh -c '[ "$(cat /c/rootfs/tmp/count)" -ge 3 ]'
locks "$(pid c1)" >/tmp/locks
rm /tmp/hooks
ok "checkpoint" hull-oci checkpoint --image-path /tmp/image --work-path /tmp/work c1
ok "the image is there" test -s /tmp/image/inventory.img
before=$(cat /c/rootfs/tmp/count)
is "the container is gone" "$(status c1 2>/dev/null | grep -v stopped)" ""
hull-oci delete --force c1 2>/dev/null
is "poststop hooks ran" "$(cat /tmp/hooks)" poststop
sleep 1
is "nothing counts now" "$(cat /c/rootfs/tmp/count)" "$before"

# As on another machine: an image's file system without the mount points.
rmdir /c/rootfs/proc /c/rootfs/sys /c/rootfs/volume /c/rootfs/dev
rm /tmp/hooks
hull-oci restore --detach --image-path /tmp/image --work-path /tmp/work2 --bundle /c \
	--pid-file /tmp/pid c2 >/dev/null 2>/tmp/restore.err
is "restore" "$?" 0
sed 's/^/# /' /tmp/restore.err
is "it runs" "$(status c2)" running
p=$(pid c2)
is "--pid-file" "$(cat /tmp/pid)" "$p"
is "prestart and createRuntime hooks ran" "$(echo $(cat /tmp/hooks))" "prestart createRuntime"
ok "and were told who it is" grep -q "\"pid\": *$p" /tmp/state.createRuntime
ok "it counts on" await 20 sh -c "[ \"\$(cat /c/rootfs/tmp/count)\" -gt $((before + 2)) ]"
after=$(cat /c/rootfs/tmp/count)
ok "from where it was, not from one ($before, then $after)" test "$after" -gt "$before"

locks "$p" >/tmp/locks2
ok "ids, capabilities, filter, limits, mounts, namespaces are what they were" diff /tmp/locks /tmp/locks2
ok "the filter filters" test ! -d /c/rootfs/tmp/dir
is "a masked file is empty" "$(head -c 9 /proc/$p/root/proc/keys)" ""
is "a masked directory is, too" "$(ls /proc/$p/root/sys/firmware)" ""
ok "/proc/sys is read-only" sh -c "! echo x >/proc/$p/root/proc/sys/kernel/domainname"
is "the volume is there" "$(cat /proc/$p/root/volume/file)" words
is "its cgroup is that of the new id" "$(cat /proc/$p/cgroup)" 0::/c2
is "which is the root of its cgroup namespace" "$(hull-oci exec c2 cat /proc/1/cgroup)" 0::/
is "memory.max" "$(cat /sys/fs/cgroup/c2/memory.max)" 67108864
is "pids.max" "$(cat /sys/fs/cgroup/c2/pids.max)" 50
ok "the old cgroup is gone" test ! -d /sys/fs/cgroup/c1

ok "exec works in it" hull-oci exec c2 true
ok "pause" hull-oci pause c2
is "paused" "$(status c2)" paused
ok "resume" hull-oci resume c2
ok "a second checkpoint" hull-oci checkpoint --image-path /tmp/image2 --work-path /tmp/work3 c2
hull-oci delete --force c2 2>/dev/null
hull-oci restore --detach --image-path /tmp/image2 --work-path /tmp/work4 --bundle /c c3 \
	>/dev/null 2>/tmp/restore.err
is "and a second restore" "$(status c3)" running
ok "kill" hull-oci kill c3 KILL
ok "stopped" await 5 sh -c '. /lab/oci.sh; [ "$(status c3)" = stopped ]'
ok "delete" hull-oci delete c3
ok "nothing is left" sh -c '! ls -d /sys/fs/cgroup/c[123] /run/hull/c[123] 2>/dev/null; ! grep " /c/rootfs" /proc/self/mountinfo'
for f in /tmp/work*/*.log; do echo "== $f"; grep -E "Error|Warn" "$f" | tail -8; done >&2
done_testing
