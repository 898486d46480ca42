# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/criu-more.sh - checkpoint and restore: incremental images,
# terminals, network namespaces and connections, and what goes wrong.
# programs: criu tar gzip ip iptables-save iptables-restore ip6tables-save ip6tables-restore
# files: /usr/lib/x86_64-linux-gnu/xtables
# built: hull-oci tests/lab/recvtty
# modules: unix_diag inet_diag tcp_diag udp_diag raw_diag af_packet_diag netlink_diag veth nf_tables nft_compat x_tables nf_conntrack_netlink
# memory: 512
# timeout: 300
. /lab/tap.sh
. /lab/oci.sh

count='["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.2; done"]'
restore() { hull-oci restore --detach --image-path "$1" --work-path "$1-log" --bundle "$2" "$3" >/dev/null 2>/tmp/restore.err; }

bundle /l "$count"
hull-oci run --detach --bundle /l l1 >/dev/null 2>&1
await 20 test -s /l/rootfs/tmp/count
ok "checkpoint --leave-running" hull-oci checkpoint --leave-running --image-path /tmp/li \
	--work-path /tmp/lw l1
is "it still runs" "$(status l1)" running
ok "--pre-dump" hull-oci checkpoint --pre-dump --image-path /tmp/pre --work-path /tmp/pre-log l1
is "it still runs" "$(status l1)" running
n=$(cat /l/rootfs/tmp/count)
ok "it counts on" await 20 sh -c "[ \"\$(cat /l/rootfs/tmp/count)\" -gt $n ]"
ok "--parent-path" hull-oci checkpoint --image-path /tmp/full --parent-path ../pre --work-path /tmp/full-log l1
hull-oci delete --force l1 2>/dev/null
ok "the image leans on the other" test -L /tmp/full/parent
n=$(cat /l/rootfs/tmp/count)
restore /tmp/full /l l2
is "restore of both" "$?" 0
ok "it counts on" await 20 sh -c "[ \"\$(cat /l/rootfs/tmp/count)\" -gt $((n + 1)) ]"
hull-oci delete --force l2

# A terminal: what is typed into the new one reaches the old shell.
bundle /t '["/bin/sh"]' '' '"terminal": true,'
ln -s busybox /t/rootfs/bin/tty
mkfifo /tmp/in1 /tmp/in2
type_in() { timeout 5 sh -c "echo '$2' >$1"; }
/bin/tests/lab/recvtty /tmp/tty1 <>/tmp/in1 >/tmp/out1 2>&1 &
await 5 test -S /tmp/tty1
hull-oci run --detach --console-socket /tmp/tty1 --bundle /t t1 </dev/null >/dev/null 2>&1
type_in /tmp/in1 'x=kept'
type_in /tmp/in1 'echo $x-$$'
ok "a shell on a terminal" await 10 grep -q kept-1 /tmp/out1
ok "checkpoint of a terminal" hull-oci checkpoint --image-path /tmp/tty-image --work-path /tmp/tty-log t1
hull-oci delete --force t1 2>/dev/null
ok "restore --detach without --console-socket is refused" \
	sh -c '! hull-oci restore --detach --image-path /tmp/tty-image --work-path /tmp/tty-log2 --bundle /t t2 >/dev/null 2>/tmp/e'
/bin/tests/lab/recvtty /tmp/tty2 <>/tmp/in2 >/tmp/out2 2>&1 &
await 5 test -S /tmp/tty2
hull-oci restore --detach --console-socket /tmp/tty2 --image-path /tmp/tty-image --work-path /tmp/tty-log3 \
	--bundle /t t2 </dev/null >/dev/null 2>/tmp/restore.err
is "restore --console-socket" "$?" 0
sed 's/^/# /' /tmp/restore.err
type_in /tmp/in2 'echo $x-again; tty'
ok "the shell is there, with what it knew" await 10 grep -q kept-again /tmp/out2
ok "on a terminal" await 10 grep -q -E '/dev/(pts/0|console)' /tmp/out2
ok "exec -t gets one, too" sh -c 'hull-oci exec t2 true'
hull-oci delete --force t2

# In the foreground our own standard input and output are its other side.
ok "checkpoint --leave-running left an image" test -s /tmp/li/inventory.img
echo 0 >/l/rootfs/tmp/count
(hull-oci restore --image-path /tmp/li --work-path /tmp/li-log --bundle /l l3 >/dev/null 2>&1; echo $? >/tmp/status) &
ok "restore in the foreground" await 20 sh -c '. /lab/oci.sh; [ "$(status l3)" = running ]'
hull-oci kill l3 KILL
ok "its exit status" await 5 test -s /tmp/status
is "is the container's" "$(cat /tmp/status)" 137
ok "and the container is gone" sh -c '! hull-oci state l3'

# The network namespace of an engine, by its path.
/usr/sbin/ip netns add engine # not the applet
/usr/sbin/ip -n engine link set lo up
bundle /n "$count"
sed -i 's|{ "type": "network" }|{ "type": "network", "path": "/run/netns/engine" }|' /n/config.json
hull-oci run --detach --bundle /n n1 >/dev/null 2>&1
await 20 test -s /n/rootfs/tmp/count
ok "checkpoint in a given network namespace" hull-oci checkpoint --image-path /tmp/ni --work-path /tmp/nw n1
hull-oci delete --force n1 2>/dev/null
restore /tmp/ni /n n2
is "restore" "$?" 0
p=$(hull-oci state n2 | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
is "it is in that namespace" "$(stat -L -c %i /proc/$p/ns/net)" "$(stat -c %i /run/netns/engine)"
hull-oci delete --force n2

# A connection inside of a namespace of its own.
bundle /e '["/bin/sh", "-c", "sleep 9999 | nc -l -p 4099 >/tmp/got & sleep 1; i=0; (while :; do i=$((i+1)); echo $i; sleep 0.2; done) | nc 127.0.0.1 4099"]'
ln -s busybox /e/rootfs/bin/nc
hull-oci run --detach --bundle /e e1 >/dev/null 2>&1
ok "two talk over TCP" await 20 test -s /e/rootfs/tmp/got
ok "without --tcp-established it is refused" \
	sh -c '! hull-oci checkpoint --image-path /tmp/ei0 --work-path /tmp/ew0 e1 2>/tmp/e'
is "and the container goes on" "$(status e1)" running
ok "checkpoint --tcp-established" hull-oci checkpoint --tcp-established --image-path /tmp/ei --work-path /tmp/ew e1
hull-oci delete --force e1 2>/dev/null
n=$(wc -l </e/rootfs/tmp/got)
hull-oci restore --detach --tcp-established --image-path /tmp/ei --work-path /tmp/ew2 --bundle /e e2 >/dev/null 2>/tmp/restore.err
is "restore --tcp-established" "$?" 0
sed 's/^/# /' /tmp/restore.err
ok "they talk on" await 20 sh -c "[ \$(wc -l </e/rootfs/tmp/got) -gt $((n + 1)) ]"
hull-oci delete --force e2
is "and nothing got lost" "$(cat /e/rootfs/tmp/got)" "$(seq $(wc -l </e/rootfs/tmp/got))"

# What goes wrong leaves nothing.
sed -i 's|"ociVersion"|"hooks": { "createRuntime": [{ "path": "/bin/false" }], "poststop": [{ "path": "/bin/touch", "args": ["touch", "/tmp/poststop"] }] }, "ociVersion"|' /l/config.json
restore /tmp/full /l l4
ok "a failing hook ends the restore" test $? -ne 0
ok "and is named" grep -q createRuntime /tmp/restore.err
ok "nothing is left of it" sh -c '! hull-oci state l4; [ ! -d /sys/fs/cgroup/l4 ]; ! grep -l l4 /proc/[0-9]*/cgroup'
for f in /tmp/*log*/*.log /tmp/?w*/*.log; do echo "== $f"; grep -E "Error|Warn" "$f" | tail -5; done >&2
done_testing
