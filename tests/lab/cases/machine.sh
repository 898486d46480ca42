# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/machine.sh - what the other cases take for granted: another
# kernel than the host's, all of cgroup v2, AppArmor, an overlay.
# kernel: apparmor=1 security=apparmor
# modules: overlay brd
. /lab/tap.sh

ok "Debian's cloud kernel" expr "$(uname -r)" : '.*-cloud-amd64$'
for c in cpuset cpu io memory hugetlb pids rdma misc; do
	ok "cgroup v2 has $c" grep -qw "$c" /sys/fs/cgroup/cgroup.controllers
done
is "no cgroup v1 is mounted" "$(grep -c ' - cgroup cgroup' /proc/self/mountinfo)" 0
is "AppArmor is on" "$(cat /sys/module/apparmor/parameters/enabled)" Y
mkdir -p /tmp/o/l /tmp/o/u /tmp/o/w /tmp/o/m
ok "overlayfs mounts" mount -t overlay -o lowerdir=/tmp/o/l,upperdir=/tmp/o/u,workdir=/tmp/o/w \
	overlay /tmp/o/m
ok "there is a block device" test -b /dev/ram0
# pivot_root needs a root that is not the kernel's first one.
mkdir -p /tmp/p
mount -t tmpfs tmpfs /tmp/p
mkdir /tmp/p/old /tmp/p/bin
cp /bin/busybox /tmp/p/bin
ok "pivot_root works" unshare -m /bin/busybox sh -c \
	'cd /tmp/p && pivot_root . old && /bin/busybox test -d /old/lab'
done_testing
