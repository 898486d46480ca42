# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/systemd-podman.sh - podman with its systemd cgroup manager,
# which is its default, and hull-oci as its runtime.
# kernel: labinit=systemd
# built: hull-oci hull-systemd
# programs: /lib/systemd/systemd systemctl dbus-daemon podman conmon
# files: /usr/share/dbus-1/system.conf /usr/share/dbus-1/system.d
# lab: systemd
# modules: overlay fuse
# memory: 1024
# timeout: 200
. /lab/tap.sh
. /lab/oci.sh

mkdir -p /etc/containers /var/lib/containers /var/tmp /p/rootfs/bin /p/rootfs/proc /p/rootfs/dev /p/rootfs/sys
mkdir -p /p/rootfs/etc /p/rootfs/run /p/rootfs/tmp
echo '{ "default": [ { "type": "insecureAcceptAnything" } ] }' >/etc/containers/policy.json
printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' >/etc/containers/storage.conf
cp /bin/busybox /p/rootfs/bin/busybox
for applet in sh sleep cat true echo id; do ln -sf busybox /p/rootfs/bin/$applet; done
cat >/bin/pod <<-END
	#!/bin/sh
	exec podman --runtime /bin/hull-oci --cgroup-manager systemd --events-backend file "\$@"
END
chmod +x /bin/pod
pod run -d --name one --network none --log-driver k8s-file --memory 64m --pids-limit 33 --cpus 0.5 \
	--rootfs /p/rootfs sleep 1000 >/tmp/id 2>/tmp/err
is "run" $? 0
sed 's/^/# /' /tmp/err
id=$(cat /tmp/id)
at=/machine.slice/libpod-$id.scope
pid=$(pod inspect -f '{{.State.Pid}}' one)
is "the container is in the scope that podman named" "$(sed 's,/container$,,' /proc/$pid/cgroup)" "0::$at"
is "systemd knows it" "$(systemctl show --value -p ActiveState libpod-$id.scope)" active
cg=/sys/fs/cgroup$at
[ ! -d $cg/container ] || cg=$cg/container
is "memory.max" "$(cat $cg/memory.max)" 67108864
is "pids.max" "$(cat $cg/pids.max)" 33
is "cpu.max" "$(cat $cg/cpu.max)" "50000 100000"
is "exec" "$(pod exec one cat /proc/self/cgroup)" "0::/"
ok "stats" sh -c "pod stats --no-stream --format '{{.PIDs}}' one | grep -qx 1"
ok "pause" pod pause one
is "paused" "$(cat $cg/cgroup.freeze)" 1
ok "unpause" pod unpause one
ok "update" pod update --memory 32m one
is "update: memory.max" "$(cat $cg/memory.max)" 33554432
ok "kill" pod kill one
ok "it ends" await 5 sh -c '[ "$(pod inspect -f "{{.State.Status}}" one)" = exited ]'
is "with the signal's status" "$(pod inspect -f '{{.State.ExitCode}}' one)" 137
ok "start again" pod start one
pid=$(pod inspect -f '{{.State.Pid}}' one)
is "in the scope again" "$(sed 's,/container$,,' /proc/$pid/cgroup)" "0::$at"
ok "rm -f" pod rm -f -t 0 one
ok "the scope is gone" sh -c "! systemctl show -p ActiveState libpod-$id.scope | grep -q -E '=(active|failed)'"
ok "its cgroup is gone" test ! -e /sys/fs/cgroup$at
is "run --rm gives the status" "$(pod run --rm --network none --log-driver k8s-file --rootfs /p/rootfs sh -c 'exit 9' >/dev/null 2>&1; echo $?)" 9
ok "no unit has failed" sh -c 'test -z "$(systemctl list-units --failed --no-legend)"'
done_testing
