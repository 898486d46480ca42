# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/delegated.sh - an ordinary user with a cgroup v2 subtree of
# their own: limits work without root.
# built: hull-oci
# timeout: 90
. /lab/tap.sh
. /lab/oci.sh

echo 'lab:x:1000:1000:lab:/tmp/lab:/bin/sh' >>/etc/passwd
echo 'lab:x:1000:' >>/etc/group
mkdir -p /tmp/lab /run/user/1000
chmod 755 /tmp
top=/sys/fs/cgroup
echo '+cpu +memory +pids' >$top/cgroup.subtree_control
mkdir -p $top/lab/shell
echo '+cpu +memory +pids' >$top/lab/cgroup.subtree_control
chown 1000 $top/lab $top/lab/cgroup.procs $top/lab/cgroup.subtree_control $top/lab/cgroup.threads \
	$top/lab/shell $top/lab/shell/cgroup.procs

bundle /tmp/lab/b '["/bin/sleep", "1000"]' '"cgroupsPath": "/lab/one",
  "uidMappings": [ { "containerID": 0, "hostID": 1000, "size": 1 } ],
  "gidMappings": [ { "containerID": 0, "hostID": 1000, "size": 1 } ],
  "resources": { "memory": { "limit": 33554432 }, "pids": { "limit": 33 },
    "cpu": { "quota": 25000, "period": 50000 } },'
sed -i 's|"namespaces": \[|& { "type": "user" },|; s|"newinstance", "ptmxmode=0666", "mode=0620"|"newinstance", "ptmxmode=0666"|' \
	/tmp/lab/b/config.json
chown -R 1000:1000 /tmp/lab /run/user/1000

# as COMMAND - as that user, in the cgroup that is theirs
as() {
	sh -c "echo 0 >$top/lab/shell/cgroup.procs
		XDG_RUNTIME_DIR=/run/user/1000 exec su lab -c '$1'"
}
as 'hull-oci run --detach --bundle /tmp/lab/b one' >/dev/null
is "an ordinary user starts a container" "$?" 0
cg=$top/lab/one
is "memory.max" "$(cat $cg/memory.max)" 33554432
is "pids.max" "$(cat $cg/pids.max)" 33
is "cpu.max" "$(cat $cg/cpu.max)" "25000 50000"
ok "its program is in it" grep -q . $cg/cgroup.procs
is "it is root only inside" "$(as 'hull-oci exec one id -u')" 0
is "and nobody special outside" \
	"$(stat -c %u /proc/$(head -1 $cg/cgroup.procs))" 1000
ok "update" as 'hull-oci update --memory 16777216 one'
is "update: memory.max" "$(cat $cg/memory.max)" 16777216
ok "pause" as 'hull-oci pause one'
is "paused" "$(cat $cg/cgroup.freeze)" 1
ok "resume" as 'hull-oci resume one'
ok "delete --force" as 'hull-oci delete --force one'
ok "its cgroup is gone" await 5 test ! -e $cg
# What was not given cannot be taken.
sed -i 's|/lab/one|/other|; s|\["/bin/sleep", "1000"\]|["/bin/cat", "/proc/self/cgroup"]|' \
	/tmp/lab/b/config.json
XDG_RUNTIME_DIR=/run/user/1000 su lab -c 'hull-oci run --bundle /tmp/lab/b two' \
	>/tmp/two.out 2>/tmp/two.err
code=$?
sed 's/^/# /' /tmp/two.err
ok "a cgroup outside the subtree is refused" test $code -ne 0
ok "and is not there" test ! -e $top/other
as 'hull-oci delete --force two' 2>/dev/null
done_testing
