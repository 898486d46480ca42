# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/systemd-user.sh - the systemd cgroup manager of an ordinary
# user: a scope of the user's own systemd, with limits.
# kernel: labinit=systemd
# built: hull-oci hull-systemd
# programs: /lib/systemd/systemd systemctl dbus-daemon setpriv
# files: /usr/share/dbus-1
# lab: systemd
# memory: 512
# timeout: 240
. /lab/tap.sh
. /lab/oci.sh

hull-oci --version | grep -q '^hull' && is_ours=yes
manager=/user.slice/user-1000.slice/user@1000.service
cg=/sys/fs/cgroup$manager/user.slice/pre-one.scope
# The user, logged in: in a session's scope, as pam_systemd(8) makes it.
session=/sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope
as() {
	sh -c "echo 0 >$session/cgroup.procs; XDG_RUNTIME_DIR=/run/user/1000 \
		DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus HOME=/home/ann \
		exec /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all sh -c '$1'"
}
prop() { as "systemctl --user show --value -p $2 $1"; }
mkdir -p -m 0755 /run/user && mkdir -m 0700 /run/user/1000 && chown 1000:1000 /run/user/1000
ok "the user's systemd starts" systemctl start user@1000.service
mkdir -p $session
ok "and answers" as 'systemctl --user show-environment'

bundle /home/ann/b '["/bin/sleep", "1000"]' '"cgroupsPath": "user.slice:pre:one",
  "uidMappings": [ { "containerID": 0, "hostID": 1000, "size": 1 } ],
  "gidMappings": [ { "containerID": 0, "hostID": 1000, "size": 1 } ],
  "resources": { "memory": { "limit": 33554432 }, "pids": { "limit": 33 },
    "cpu": { "quota": 25000, "period": 50000 } },'
sed -i 's|"namespaces": \[|& { "type": "user" },|; s|"newinstance", "ptmxmode=0666", "mode=0620"|"newinstance", "ptmxmode=0666"|' \
	/home/ann/b/config.json
chown -R 1000:1000 /home/ann
as 'hull-oci --systemd-cgroup run --detach --bundle /home/ann/b one'
is "run" $? 0
pid=$(as 'hull-oci state one' | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p')
is "the container is in a scope of the user's systemd" \
	"$(sed 's,/container$,,' /proc/$pid/cgroup)" "0::${cg#/sys/fs/cgroup}"
is "which knows it" "$(prop pre-one.scope ActiveState)" active
is "Slice" "$(prop pre-one.scope Slice)" user.slice
scope=$cg
[ ! -d $cg/container ] || cg=$cg/container
[ $cg != $scope ] || is "MemoryMax" "$(prop pre-one.scope MemoryMax)" 33554432
is "memory.max" "$(cat $cg/memory.max)" 33554432
is "pids.max" "$(cat $cg/pids.max)" 33
is "cpu.max" "$(cat $cg/cpu.max)" "25000 50000"
is "the first process is the user's" "$(stat -c %u /proc/$pid)" 1000
is "seen from inside" "$(as 'hull-oci exec one cat /sys/fs/cgroup/pids.max')" 33
as 'hull-oci exec --detach one sleep 500'
# runc 1.1 leaves it in the session, without the limits; crun 1.8 fails.
[ -z "$is_ours" ] || is "exec, from the session, is in the scope" "$(wc -l <$cg/cgroup.procs)" 2
ok "update" as 'hull-oci update --memory 16777216 --pids-limit 22 one'
is "update: memory.max" "$(cat $cg/memory.max)" 16777216
is "update: pids.max" "$(cat $cg/pids.max)" 22
ok "pause" as 'hull-oci pause one'
is "paused" "$(cat $cg/cgroup.freeze)" 1
ok "resume" as 'hull-oci resume one'
ok "delete --force" as 'hull-oci delete --force one'
ok "its cgroup is gone" await 5 test ! -e $scope
ok "no unit of the user has failed" as 'test -z "$(systemctl --user list-units --failed --no-legend)"'
is "nothing of it is left with the host's systemd" "$(systemctl list-units --all --no-legend 'pre-*')" ""
if [ "$is_ours" ]; then
	# As podman runs it: root of a user namespace of the user's. (runc 1.1 asks
	# the host's systemd then, unless told --rootless true.)
	bundle /home/ann/c '["/bin/sleep", "1000"]' '"cgroupsPath": "user.slice:pre:nested",
  "resources": { "pids": { "limit": 33 } },'
	sed -i 's|"newinstance", "ptmxmode=0666", "mode=0620"|"newinstance", "ptmxmode=0666"|' /home/ann/c/config.json
	chown -R 1000:1000 /home/ann/c
	mkdir -p /run/user/1000/nested && chown 1000:1000 /run/user/1000/nested
	in_ns='unshare -U -r -m hull-oci --root /run/user/1000/nested'
	as "$in_ns --systemd-cgroup run --detach --bundle /home/ann/c nested"
	is "run as root of a user namespace" $? 0
	cg=/sys/fs/cgroup$manager/user.slice/pre-nested.scope
	is "it is in a scope of the user's systemd" "$(prop pre-nested.scope ActiveState)" active
	is "with its limits" "$(cat $cg/pids.max)" 33
	as "$in_ns delete --force nested"
	is "delete from another user namespace of the user" $? 0
	ok "its cgroup is gone" await 5 test ! -e $cg
	as 'systemctl --user stop dbus.socket dbus.service'
	as 'hull-oci --systemd-cgroup run --detach --bundle /home/ann/b two'
	is "without the user's bus it is systemd's own socket" $? 0
	as 'hull-oci delete --force two'
	systemctl kill -s KILL user@1000.service
	await 10 sh -c '! systemctl is-active user@1000.service'
	as 'hull-oci --systemd-cgroup run --detach --bundle /home/ann/b three' 2>/tmp/err
	cat /tmp/err >&2
	ok "without the user's systemd it is an error that says so" grep -q "user's systemd" /tmp/err
	is "and nothing is left" "$(as 'hull-oci list -q')" ""
fi
done_testing
