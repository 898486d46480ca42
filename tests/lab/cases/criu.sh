# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/criu.sh - checkpoint and restore: the program goes on where it
# was. (CRIU 3.17 cannot do that on the newest kernels, for any runtime.)
# programs: criu tar gzip ip iptables-save iptables-restore ip6tables-save ip6tables-restore
# files: /usr/lib/x86_64-linux-gnu/xtables
# built: hull-oci
# modules: unix_diag inet_diag tcp_diag udp_diag raw_diag af_packet_diag netlink_diag veth nf_tables nft_compat x_tables nf_conntrack_netlink
# memory: 512
# timeout: 150
. /lab/tap.sh
. /lab/oci.sh

ok "criu likes this kernel" criu check
count='["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.2; done"]'
bundle /c "$count"
sed -i 's/"ociVersion"/"hooks": {}, "ociVersion"/' /c/config.json
# Not under ok(): the program would keep a file open that is not in its image.
hull-oci run --detach --bundle /c c1 >/dev/null 2>&1
is "run" "$(status c1)" running
ok "it counts" await 20 sh -c '[ "$(cat /c/rootfs/tmp/count)" -ge 3 ]'
ok "checkpoint" hull-oci checkpoint --image-path /tmp/image --work-path /tmp/work c1
ok "the image is there" test -s /tmp/image/inventory.img
before=$(cat /c/rootfs/tmp/count)
is "the container is stopped or gone" "$(status c1 2>/dev/null | grep -v stopped)" ""
hull-oci delete --force c1 2>/dev/null
sleep 1
is "nothing counts now" "$(cat /c/rootfs/tmp/count)" "$before"
hull-oci restore --detach --image-path /tmp/image --work-path /tmp/work2 --bundle /c c2 \
	>/dev/null 2>/tmp/restore.err
is "restore" "$?" 0
sed 's/^/# /' /tmp/restore.err
is "it runs" "$(status c2)" running
ok "it counts on" await 20 sh -c "[ \"\$(cat /c/rootfs/tmp/count)\" -gt $((before + 2)) ]"
after=$(cat /c/rootfs/tmp/count)
ok "from where it was, not from one ($before, then $after)" test "$after" -gt "$before"
pid=$(hull-oci state c2 | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
is "it is in the new container's cgroup" "$(grep -c c1 /proc/$pid/cgroup)" 0
ok "exec works in it" hull-oci exec c2 true
ok "kill" hull-oci kill c2 KILL
ok "delete" hull-oci delete --force c2

bundle /l "$count"
hull-oci run --detach --bundle /l l1 >/dev/null 2>&1
await 20 test -s /l/rootfs/tmp/count
ok "checkpoint --leave-running" hull-oci checkpoint --leave-running --image-path /tmp/li \
	--work-path /tmp/lw l1
is "it still runs" "$(status l1)" running
hull-oci delete --force l1
for f in /tmp/work/*.log /tmp/work2/*.log; do echo "== $f"; grep -E "Error|Warn" "$f" | tail -8; done >&2
done_testing
