# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/systemd.sh - the systemd cgroup manager on cgroup v2: the
# container's scope, its slice and its limits, as systemd and the kernel see
# them; update, exec, pause, delete; what a killed runtime leaves.
# kernel: labinit=systemd
# built: hull-oci hull-systemd
# programs: /lib/systemd/systemd systemctl dbus-daemon
# files: /usr/share/dbus-1/system.conf /usr/share/dbus-1/system.d
# lab: systemd
# modules: brd
# memory: 512
# timeout: 240
. /lab/tap.sh
. /lab/oci.sh

# is_ours: for what the peers do otherwise, or not at all
hull-oci --version | grep -q '^hull' && is_ours=yes
sd() { hull-oci --systemd-cgroup "$@"; }
prop() { systemctl show --value -p "$2" "$1"; }
pid_of() { hull-oci state "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'; }
cgroup_of() { sed 's,/container$,,' "/proc/$(pid_of "$1")/cgroup"; } # crun's subgroup
annotate() { # BUNDLE MEMBERS
	printf '{ "annotations": { %s },\n' "$2" >/tmp/annotated
	sed '1s/^{//' "$1/config.json" >>/tmp/annotated
	mv /tmp/annotated "$1/config.json"
}
is_gone() { ! systemctl show -p LoadState,ActiveState "$1" | grep -q -E '=(active|failed|deactivating)'; }

ok "systemd is the first process" systemctl is-active lab.service
echo 8 >/proc/sys/vm/nr_hugepages
ram=$(cat /sys/block/ram0/dev)
bundle /b '["/bin/sleep", "1000"]' "\"cgroupsPath\": \"lab-a-b.slice:pre:one\",
  \"resources\": {
    \"memory\": { \"limit\": 67108864, \"reservation\": 33554432, \"swap\": 100663296 },
    \"cpu\": { \"shares\": 2048, \"quota\": 50000, \"period\": 100000, \"cpus\": \"0\", \"mems\": \"0\" },
    \"pids\": { \"limit\": 77 },
    \"blockIO\": { \"weight\": 200 },
    \"devices\": [ { \"allow\": false, \"access\": \"rwm\" },
      { \"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 11, \"access\": \"rw\" } ],
    \"unified\": { \"memory.high\": \"50331648\" } },"
annotate /b "\"org.systemd.property.TimeoutStopUSec\": \"uint64 7000000\",
\"org.systemd.property.CollectMode\": \"'inactive-or-failed'\""
ok "run" sd run --detach --bundle /b one
cg=/sys/fs/cgroup/lab.slice/lab-a.slice/lab-a-b.slice/pre-one.scope
is "the container is in its scope, below its slices" "$(cgroup_of one)" "0::${cg#/sys/fs/cgroup}"
is "systemd knows it" "$(prop pre-one.scope ActiveState)" active
is "Slice" "$(prop pre-one.scope Slice)" lab-a-b.slice
is "Delegate" "$(prop pre-one.scope Delegate)" yes
is "DefaultDependencies" "$(prop pre-one.scope DefaultDependencies)" no
is "MemoryMax" "$(prop pre-one.scope MemoryMax)" 67108864
is "MemoryLow" "$(prop pre-one.scope MemoryLow)" 33554432
is "MemorySwapMax" "$(prop pre-one.scope MemorySwapMax)" 33554432
is "MemoryHigh, from unified" "$(prop pre-one.scope MemoryHigh)" 50331648
is "CPUQuotaPerSecUSec" "$(prop pre-one.scope CPUQuotaPerSecUSec)" 500ms
ok "CPUWeight" expr "$(prop pre-one.scope CPUWeight)" : '174$\|79$'
is "AllowedCPUs" "$(prop pre-one.scope AllowedCPUs)" 0
is "AllowedMemoryNodes" "$(prop pre-one.scope AllowedMemoryNodes)" 0
is "TasksMax" "$(prop pre-one.scope TasksMax)" 77
is "an annotation: TimeoutStopUSec" "$(prop pre-one.scope TimeoutStopUSec)" 7s
is "an annotation: CollectMode" "$(prop pre-one.scope CollectMode)" inactive-or-failed
is "DevicePolicy" "$(prop pre-one.scope DevicePolicy)" strict
ok "DeviceAllow has the rule" sh -c 'systemctl show -p DeviceAllow pre-one.scope | grep -qx "DeviceAllow=/dev/char/1:11 rw"'
# crun has its limits in a subgroup, and tells systemd nothing of them.
scope=$cg
[ ! -d $cg/container ] || cg=$cg/container
is "memory.max" "$(cat $cg/memory.max)" 67108864
is "memory.low" "$(cat $cg/memory.low)" 33554432
is "memory.high" "$(cat $cg/memory.high)" 50331648
is "memory.swap.max" "$(cat $cg/memory.swap.max)" 33554432
is "cpu.max" "$(cat $cg/cpu.max)" "50000 100000"
ok "cpu.weight" expr "$(cat $cg/cpu.weight)" : '174$\|79$'
is "cpuset.cpus" "$(cat $cg/cpuset.cpus)" 0
is "pids.max" "$(cat $cg/pids.max)" 77
hull-oci exec one sh -c 'cat /proc/self/cgroup; cat /sys/fs/cgroup/pids.max' >/tmp/in
is "exec is in the scope, which is the root there" "$(head -n 1 /tmp/in)" "0::/"
is "and sees its limits" "$(tail -n 1 /tmp/in)" 77
hull-oci exec --detach one sleep 500
is "exec: no process is elsewhere" "$(find /sys/fs/cgroup -name cgroup.procs -path '*pre-one.scope*' -exec cat {} + | wc -l)" 2
ok "devices: /dev/null is allowed" hull-oci exec one sh -c 'echo x >/dev/null'
ok "devices: what no rule allows is not" sh -c '! hull-oci exec one sh -c "mknod /tmp/ram b 1 0 && cat /tmp/ram >/dev/null"'

ok "update" hull-oci update --memory 50331648 --memory-swap 50331648 --pids-limit 55 \
	--cpu-quota 20000 --cpu-period 50000 --cpuset-cpus 0-1 one
is "update: systemd's MemoryMax" "$(prop pre-one.scope MemoryMax)" 50331648
is "update: systemd's TasksMax" "$(prop pre-one.scope TasksMax)" 55
is "update: systemd's CPUQuotaPerSecUSec" "$(prop pre-one.scope CPUQuotaPerSecUSec)" 400ms
is "update: systemd's AllowedCPUs" "$(prop pre-one.scope AllowedCPUs)" 0-1
is "update: memory.max" "$(cat $cg/memory.max)" 50331648
is "update: memory.swap.max" "$(cat $cg/memory.swap.max)" 0
is "update: cpu.max" "$(cat $cg/cpu.max)" "20000 50000"
is "update left the rest" "$(cat $cg/memory.low)" 33554432
systemctl daemon-reload
is "a reload of systemd leaves memory.max" "$(cat $cg/memory.max)" 50331648
is "a reload of systemd leaves pids.max" "$(cat $cg/pids.max)" 55
is "a reload of systemd leaves cpu.max" "$(cat $cg/cpu.max)" "20000 50000"
ok "devices after it: what no rule allows is not" sh -c '! hull-oci exec one sh -c "mknod /tmp/ram2 b 1 0 && cat /tmp/ram2 >/dev/null"'

ok "pause" hull-oci pause one
is "paused" "$(status one)" paused
ok "resume" hull-oci resume one
is "running" "$(status one)" running
ok "a running container is not deleted" sh -c '! hull-oci delete one'
ok "delete --force" hull-oci delete --force one
ok "the scope is gone" is_gone pre-one.scope
cg=$scope
ok "its cgroup is gone" test ! -e $cg

# A second one of the same name; create and start; a program that ends by itself.
bundle /c '["/bin/sh", "-c", "exit 7"]' '"cgroupsPath": "lab-a-b.slice:pre:one",'
ok "create" sd create --bundle /c two
is "created in the scope" "$(cgroup_of two)" "0::${cg#/sys/fs/cgroup}"
ok "start" hull-oci start two
await 10 sh -c '! hull-oci state two | grep -q running'
is "stopped" "$(status two)" stopped
ok "delete" hull-oci delete two
ok "the scope is gone" is_gone pre-one.scope
sd run --bundle /c three
is "run gives the program's status" $? 7
ok "run leaves no scope" is_gone pre-one.scope
bundle /d '["/bin/sleep", "1000"]' '"cgroupsPath": ":pre:deft",'
ok "an empty slice is system.slice" sd run --detach --bundle /d d
is "the container is there" "$(cgroup_of d)" "0::/system.slice/pre-deft.scope"
# runc 1.1 puts it in with the first, and says that later ones will not.
if [ "$is_ours" ]; then
	ok "two of the same scope: the second is refused" sh -c '! hull-oci --systemd-cgroup run --detach --bundle /d e'
	is "and the first lives" "$(status d)" running
fi
hull-oci delete --force d
hull-oci delete --force e 2>/dev/null
bundle /bad '["/bin/true"]' '"cgroupsPath": "/not/for/systemd",'
ok "a path is refused" sh -c '! hull-oci --systemd-cgroup run --bundle /bad bad'
bundle /bad '["/bin/true"]' '"cgroupsPath": "no--slice.slice:a:b",'
ok "a bad slice is refused" sh -c '! hull-oci --systemd-cgroup run --bundle /bad bad'

if [ -z "$is_ours" ]; then
	done_testing
	exit
fi

# --- ours ---
bundle /u '["/bin/sleep", "1000"]' '"resources": { "hugepageLimits": [ { "pageSize": "2MB", "limit": 4194304 } ] },'
ok "without cgroupsPath" sd run --detach --bundle /u "u+1"
is "it is hull-ID.scope in system.slice" "$(cgroup_of u+1)" '0::/system.slice/hull-u\x2b1.scope'
is "systemd does not know huge pages: we pass them down" \
	"$(cat '/sys/fs/cgroup/system.slice/hull-u\x2b1.scope/hugetlb.2MB.max')" 4194304
ok "kill" hull-oci kill u+1 KILL
await 10 sh -c '! hull-oci state u+1 | grep -q running'
ok "the scope ends with its processes" await 10 is_gone 'hull-u\x2b1.scope'
ok "delete after that" hull-oci delete u+1
ok "features: cgroup.systemd" sh -c 'hull-oci features | grep -q "\"systemd\": true"'

bundle /z '["/bin/true"]' '"resources": { "pids": { "limit": 0 }, "cpu": { "quota": 1000, "period": 1000000, "shares": 2 },
  "unified": { "memory.low": "0", "cpu.idle": "1" } },'
ok "the lowest limits there are" sd run --bundle /z lowest
bundle /s '["/bin/sleep", "1000"]' '"cgroupsPath": ":hull:sub",
  "resources": { "memory": { "limit": 67108864 }, "pids": { "limit": 33 } },'
annotate /s '"run.oci.systemd.subgroup": "in"'
ok "run.oci.systemd.subgroup" sd run --detach --bundle /s sub
is "the container is below the scope" "$(cat /proc/$(pid_of sub)/cgroup)" "0::/system.slice/hull-sub.scope/in"
is "with its limits" "$(cat /sys/fs/cgroup/system.slice/hull-sub.scope/in/pids.max)" 33
is "which is its root" "$(hull-oci exec sub cat /proc/self/cgroup)" "0::/"
ok "pause and resume" sh -c 'hull-oci pause sub && hull-oci resume sub'
ok "delete --force" hull-oci delete --force sub
ok "the scope is gone" is_gone hull-sub.scope

bundle /g '["/bin/sh", "-c", "mkdir /sys/fs/cgroup/in2; sleep 1000"]' '"cgroupsPath": ":hull:give",
  "uidMappings": [ { "containerID": 0, "hostID": 100000, "size": 65536 } ],
  "gidMappings": [ { "containerID": 0, "hostID": 100000, "size": 65536 } ],
  "resources": { "pids": { "limit": 33 } },'
sed -i 's|"namespaces": \[|& { "type": "user" },|; s|"relatime", "ro"|"relatime", "rw"|' /g/config.json
annotate /g '"run.oci.systemd.subgroup": "in", "run.oci.delegate-cgroup": "mine"'
chmod 755 /g; chown -R 100000:100000 /g/rootfs
ok "run.oci.delegate-cgroup" sd run --detach --bundle /g give
at=/system.slice/hull-give.scope/in
is "the process is in the cgroup given away" "$(cat /proc/$(pid_of give)/cgroup)" "0::$at/mine"
is "which is its root's" "$(stat -c %u:%g /sys/fs/cgroup$at/mine /sys/fs/cgroup$at/mine/cgroup.procs | sort -u)" 100000:100000
is "the one above is not" "$(stat -c %u /sys/fs/cgroup$at /sys/fs/cgroup$at/pids.max /sys/fs/cgroup$at/cgroup.procs | sort -u)" 0
is "the one above has the limits" "$(cat /sys/fs/cgroup$at/pids.max)" 33
is "and is the namespace's root" "$(hull-oci exec give cat /proc/1/cgroup)" "0::/mine"
ok "inside, cgroups can be made in it, and filled" hull-oci exec give sh -c \
	'mkdir /sys/fs/cgroup/mine/a && echo 1 >/sys/fs/cgroup/mine/a/cgroup.procs'
ok "inside, none can be made above" test ! -e /sys/fs/cgroup$at/in2
ok "inside, the limits cannot be changed" sh -c '! hull-oci exec give sh -c "echo max >/sys/fs/cgroup/pids.max"'
ok "inside, no process gets out of it" sh -c '! hull-oci exec give sh -c "echo 1 >/sys/fs/cgroup/cgroup.procs"'
ok "delete --force" hull-oci delete --force give
ok "all of it is gone" test ! -e /sys/fs/cgroup/system.slice/hull-give.scope

for value in "uint64" "5 6" "[1, 'a']" "(" "@zz 1" "byte 300"; do
	bundle /bad '["/bin/true"]'
	annotate /bad "\"org.systemd.property.CPUWeight\": \"$value\""
	ok "an annotation that is no value is refused: $value" sh -c \
		'! hull-oci --systemd-cgroup run --bundle /bad bad 2>/tmp/err && grep -q "org.systemd.property.CPUWeight" /tmp/err'
done
bundle /bad '["/bin/true"]'
annotate /bad '"org.systemd.property.NoSuchThing": "true"'
ok "what systemd refuses is an error with its words" sh -c \
	'! hull-oci --systemd-cgroup run --bundle /bad bad 2>/tmp/err && grep -q NoSuchThing /tmp/err'
ok "and nothing is left of it" sh -c 'test -z "$(hull-oci list -q)"'

# Killed anywhere: delete --force cleans, and the same scope can be had again.
n=0 left=0
while [ $n -lt 12 ]; do
	n=$((n + 1))
	hull-oci --systemd-cgroup create --bundle /d killed &
	usleep $((n * 12000))
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	hull-oci delete --force killed || left=$((left + 1))
	await 5 is_gone pre-deft.scope || left=$((left + 1))
	[ ! -e /sys/fs/cgroup/system.slice/pre-deft.scope ] || left=$((left + 1))
done
is "killed at twelve moments, delete --force cleans up" $left 0
ok "no unit has failed" sh -c 'test -z "$(systemctl list-units --failed --no-legend)"'

# Without the helper.
mkdir /alone && cp /bin/hull-oci /alone/
ok "without the helper it is an error that names it" sh -c \
	'! /alone/hull-oci --systemd-cgroup run --bundle /d f 2>/tmp/err && grep -q "hull-systemd" /tmp/err'
chmod 0777 /alone; cp /bin/hull-systemd /alone/; chmod 0777 /alone/hull-systemd
ok "one that anybody may write to is not executed" sh -c '! /alone/hull-oci --systemd-cgroup run --bundle /d f'
rm /alone/hull-systemd
ok "features: no cgroup.systemd without it" sh -c '/alone/hull-oci features | grep -q "\"systemd\": false"'
is "nothing is left" "$(hull-oci list -q)" ""
done_testing
