# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/systemd-v1.sh - the systemd cgroup manager where systemd has
# its controllers on cgroup v1, as on the hosts of some years ago.
# kernel: labinit=systemd systemd.unified_cgroup_hierarchy=0
# built: hull-oci hull-systemd
# programs: /lib/systemd/systemd systemctl dbus-daemon
# files: /usr/share/dbus-1/system.conf /usr/share/dbus-1/system.d
# lab: systemd
# memory: 512
# timeout: 240
. /lab/tap.sh
. /lab/oci.sh

hull-oci --version | grep -q '^hull' && is_ours=yes
sd() { hull-oci --systemd-cgroup "$@"; }
prop() { systemctl show --value -p "$2" "$1"; }
pid_of() { hull-oci state "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p'; }
is_gone() { ! systemctl show -p LoadState,ActiveState "$1" | grep -q -E '=(active|failed|deactivating)'; }

ok "controllers are on v1" grep -q ' - cgroup cgroup .*memory' /proc/self/mountinfo
bundle /b '["/bin/sleep", "1000"]' "\"cgroupsPath\": \"lab-a.slice:pre:one\",
  \"resources\": {
    \"memory\": { \"limit\": 67108864, \"reservation\": 33554432 },
    \"cpu\": { \"shares\": 2048, \"quota\": 50000, \"period\": 100000, \"cpus\": \"0\", \"mems\": \"0\" },
    \"pids\": { \"limit\": 77 },
    \"devices\": [ { \"allow\": false, \"access\": \"rwm\" },
      { \"allow\": true, \"type\": \"c\", \"major\": 1, \"minor\": 11, \"access\": \"rw\" } ] },"
ok "run" sd run --detach --bundle /b one
at=/lab.slice/lab-a.slice/pre-one.scope
cg=/sys/fs/cgroup
pid=$(pid_of one)
[ -z "$is_ours" ] || is "the container is in its scope in every hierarchy" "$(cut -d: -f3 /proc/$pid/cgroup | sort -u)" $at
is "Slice" "$(prop pre-one.scope Slice)" lab-a.slice
is "MemoryLimit" "$(prop pre-one.scope MemoryLimit)" 67108864
is "CPUShares" "$(prop pre-one.scope CPUShares)" 2048
is "CPUQuotaPerSecUSec" "$(prop pre-one.scope CPUQuotaPerSecUSec)" 500ms
is "TasksMax" "$(prop pre-one.scope TasksMax)" 77
is "memory.limit_in_bytes" "$(cat $cg/memory$at/memory.limit_in_bytes)" 67108864
is "memory.soft_limit_in_bytes" "$(cat $cg/memory$at/memory.soft_limit_in_bytes)" 33554432
is "cpu.shares" "$(cat $cg/cpu$at/cpu.shares)" 2048
is "cpu.cfs_quota_us" "$(cat $cg/cpu$at/cpu.cfs_quota_us)" 50000
is "cpuset.cpus" "$(cat $cg/cpuset$at/cpuset.cpus)" 0
is "pids.max" "$(cat $cg/pids$at/pids.max)" 77
ok "devices.list has the rule" grep -qx 'c 1:11 rw' $cg/devices$at/devices.list
ok "and not everything" sh -c "! grep -q '^a' $cg/devices$at/devices.list"
is "seen from inside" "$(hull-oci exec one cat /sys/fs/cgroup/pids/pids.max)" 77
hull-oci exec --detach one sleep 500
is "exec is in the scope" "$(wc -l <$cg/memory$at/cgroup.procs)" 2
is "in systemd's own hierarchy, too" "$(wc -l <$cg/systemd$at/cgroup.procs)" 2
ok "update" hull-oci update --memory 50331648 --pids-limit 55 --cpu-share 512 one
is "update: systemd's MemoryLimit" "$(prop pre-one.scope MemoryLimit)" 50331648
is "update: memory.limit_in_bytes" "$(cat $cg/memory$at/memory.limit_in_bytes)" 50331648
is "update: pids.max" "$(cat $cg/pids$at/pids.max)" 55
is "update: cpu.shares" "$(cat $cg/cpu$at/cpu.shares)" 512
systemctl daemon-reload
is "a reload of systemd leaves memory.limit_in_bytes" "$(cat $cg/memory$at/memory.limit_in_bytes)" 50331648
is "a reload of systemd leaves pids.max" "$(cat $cg/pids$at/pids.max)" 55
ok "a reload of systemd leaves the devices" sh -c "! grep -q '^a' $cg/devices$at/devices.list"
ok "pause" hull-oci pause one
is "paused" "$(status one)" paused
ok "resume" hull-oci resume one
ok "delete --force" hull-oci delete --force one
ok "the scope is gone" is_gone pre-one.scope
is "and all of its cgroups" "$(find $cg -name 'pre-one.scope')" ""

bundle /c '["/bin/sh", "-c", "exit 7"]'
sd run --bundle /c three
is "run gives the program's status" $? 7
is "run leaves no cgroup" "$(find $cg -name '*three*')" ""
ok "no unit has failed" sh -c 'test -z "$(systemctl list-units --failed --no-legend)"'
if [ -z "$is_ours" ]; then
	done_testing
	exit
fi

bundle /s '["/bin/sleep", "1000"]' '"cgroupsPath": ":hull:sub", "resources": { "pids": { "limit": 33 } },'
printf '{ "annotations": { "run.oci.systemd.subgroup": "in" },\n' >/tmp/annotated
sed '1s/^{//' /s/config.json >>/tmp/annotated
mv /tmp/annotated /s/config.json
ok "run.oci.systemd.subgroup" sd run --detach --bundle /s sub
is "below the scope in every hierarchy" "$(cut -d: -f3 /proc/$(pid_of sub)/cgroup | sort -u)" /system.slice/hull-sub.scope/in
is "with its limits" "$(cat $cg/pids/system.slice/hull-sub.scope/in/pids.max)" 33
ok "delete --force" hull-oci delete --force sub
is "and all of its cgroups" "$(find $cg -name '*hull-sub*')" ""
done_testing
