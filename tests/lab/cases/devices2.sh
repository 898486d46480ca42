# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/devices2.sh - the device list on cgroup v2, where it is a BPF
# program.
# built: hull-oci
# modules: brd
# timeout: 90
. /lab/tap.sh
. /lab/oci.sh

ram=$(cat /sys/block/ram0/dev)
node="\"devices\": [ { \"path\": \"/dev/ram0\", \"type\": \"b\", \"major\": ${ram%:*}, \"minor\": ${ram#*:}, \"fileMode\": 438 } ],"
deny='{ "allow": false, "access": "rwm" }'
rule="{ \"allow\": true, \"type\": \"b\", \"major\": ${ram%:*}, \"minor\": ${ram#*:}, \"access\": "

bundle /d1 '["/bin/sh", "-c", "head -c 1 /dev/ram0 >/dev/null"]' \
	"$node \"resources\": { \"devices\": [ $deny, $rule \"rwm\" } ] },"
ln -s busybox /d1/rootfs/bin/head
ok "an allowed device can be read" hull-oci run --bundle /d1 d1
bundle /d2 '["/bin/sh", "-c", "head -c 1 /dev/ram0 >/dev/null"]' \
	"$node \"resources\": { \"devices\": [ $deny, $rule \"w\" } ] },"
ln -s busybox /d2/rootfs/bin/head
ok "one allowed for writing cannot be read" sh -c '! hull-oci run --bundle /d2 d2'
bundle /d3 '["/bin/sh", "-c", "echo x >/dev/ram0"]' \
	"$node \"resources\": { \"devices\": [ $deny, $rule \"r\" } ] },"
ok "one allowed for reading cannot be written" sh -c '! hull-oci run --bundle /d3 d3'
bundle /d4 '["/bin/sh", "-c", "head -c 1 /dev/zero >/dev/null && echo >/dev/null && head -c 1 /dev/urandom >/dev/null && echo >/dev/tty; exit 0"]' \
	"\"resources\": { \"devices\": [ $deny ] },"
ln -s busybox /d4/rootfs/bin/head
ok "the default devices work with everything denied" hull-oci run --bundle /d4 d4
caps='"capabilities": { "bounding": ["CAP_MKNOD"], "effective": ["CAP_MKNOD"], "permitted": ["CAP_MKNOD"] },'
bundle /d6 "[\"/bin/sh\", \"-c\", \"mknod /tmp/x b ${ram%:*} ${ram#*:}\"]" \
	"\"resources\": { \"devices\": [ $deny, $rule \"m\" } ] }," "$caps"
ln -s busybox /d6/rootfs/bin/mknod
ok "with m and the capability, mknod works" hull-oci run --bundle /d6 d6

for id in d1 d2 d3 d4 d6; do hull-oci delete --force $id 2>/dev/null; done
is "nothing is left" "$(ls -d /sys/fs/cgroup/*/ 2>/dev/null | wc -l)" 0
done_testing
