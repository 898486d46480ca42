# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/systemd-criu.sh - checkpoint and restore with the systemd
# cgroup manager: what comes back is in a scope of its own.
# kernel: labinit=systemd
# programs: /lib/systemd/systemd systemctl criu tar gzip ip iptables-save iptables-restore ip6tables-save ip6tables-restore
# files: /usr/lib/x86_64-linux-gnu/xtables
# built: hull-oci hull-systemd
# lab: systemd
# modules: unix_diag inet_diag tcp_diag udp_diag raw_diag af_packet_diag netlink_diag veth nf_tables nft_compat x_tables nf_conntrack_netlink
# memory: 512
# timeout: 150
. /lab/tap.sh
. /lab/oci.sh

sd() { hull-oci --systemd-cgroup "$@"; }
pid_of() { hull-oci state "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'; }
is_gone() { ! systemctl show -p ActiveState "$1" | grep -q -E '=(active|failed|deactivating)'; }

count='["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.2; done"]'
limits='"resources": { "pids": { "limit": 33 } },'
bundle /c "$count" "\"cgroupsPath\": \":hull:old\", $limits"
sd run --detach --bundle /c c1 >/dev/null 2>&1
is "run" "$(status c1)" running
ok "it counts" await 20 sh -c '[ "$(cat /c/rootfs/tmp/count)" -ge 3 ]'
ok "checkpoint" hull-oci checkpoint --image-path /tmp/image --work-path /tmp/work c1
before=$(cat /c/rootfs/tmp/count)
hull-oci delete --force c1 2>/dev/null
ok "the old scope is gone" is_gone hull-old.scope
sed -i 's/:hull:old/:hull:new/' /c/config.json
sd restore --detach --image-path /tmp/image --work-path /tmp/work2 --bundle /c c2 \
	>/dev/null 2>/tmp/restore.err
is "restore" "$?" 0
sed 's/^/# /' /tmp/restore.err
is "it runs" "$(status c2)" running
ok "it counts on" await 20 sh -c "[ \"\$(cat /c/rootfs/tmp/count)\" -gt $((before + 2)) ]"
is "in a scope of its own" "$(cat /proc/$(pid_of c2)/cgroup)" "0::/system.slice/hull-new.scope"
is "with its limits" "$(cat /sys/fs/cgroup/system.slice/hull-new.scope/pids.max)" 33
is "which nothing of ours is in any more" "$(for p in $(cat /sys/fs/cgroup/system.slice/hull-new.scope/cgroup.procs); do
	cat /proc/$p/comm; done | grep -c hull)" 0
ok "exec works in it" hull-oci exec c2 true
ok "delete" hull-oci delete --force c2
ok "the scope is gone" is_gone hull-new.scope
is "no cgroup is left" "$(find /sys/fs/cgroup -name 'hull-*')" ""
sd restore --detach --image-path /nowhere --bundle /c c3 >/dev/null 2>&1
ok "a restore that fails leaves no scope" is_gone hull-new.scope
is "and no cgroup" "$(find /sys/fs/cgroup -name 'hull-*')" ""
done_testing
