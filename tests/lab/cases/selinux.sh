# SPDX-License-Identifier: Apache-2.0
# tests/lab/cases/selinux.sh - process.selinuxLabel and linux.mountLabel.
# kernel: selinux=1 security=selinux enforcing=0
# programs: checkpolicy
# built: hull-oci
# lab: selinux.conf
# timeout: 90
. /lab/tap.sh
. /lab/oci.sh

ok "the policy compiles" checkpolicy -U allow -c 31 -o /tmp/policy /lab/selinux.conf
mount -t selinuxfs selinuxfs /sys/fs/selinux
ok "and loads" sh -c 'cat /tmp/policy >/sys/fs/selinux/load'
# What some runtimes look for to tell that SELinux is in use.
mkdir -p /etc/selinux && printf 'SELINUX=enforcing\nSELINUXTYPE=lab\n' >/etc/selinux/config
echo 1 >/sys/fs/selinux/enforce
is "SELinux enforces" "$(cat /sys/fs/selinux/enforce)" 1
is "we are base_t" "$(cat /proc/self/attr/current | tr -d '\0')" u:r:base_t

label='"selinuxLabel": "u:r:lab_t",'
# A folder of its own file system, whose files can carry labels.
mkdir /s && mount -t tmpfs tmpfs /s
bundle /s/1 '["/bin/cat", "/proc/self/attr/current"]' '' "$label"
is "the program runs under its label" "$(hull-oci run --bundle /s/1 s1 | tr -d '\0')" u:r:lab_t
mkdir -p /s/secrets && mount -t tmpfs -o context=u:object_r:secret_t tmpfs /s/secrets
echo hidden >/s/secrets/file
bundle /s/2 '["/bin/cat", "/tmp/file"]' '' "$label"
sed -i 's|"mounts": \[|&{ "destination": "/tmp", "type": "bind", "source": "/s/secrets", "options": ["bind"] },|' /s/2/config.json
is "and is bound by it" "$(hull-oci run --bundle /s/2 s2 2>/dev/null)" ""
sed -i 's|"selinuxLabel": "u:r:lab_t",||' /s/2/config.json
is "without the label it is not" "$(hull-oci run --bundle /s/2 s3)" hidden
bundle /s/3 '["/bin/grep", " /dev ", "/proc/self/mountinfo"]' \
	'"mountLabel": "u:object_r:lab_file_t",' "$label"
hull-oci run --bundle /s/3 s4 >/tmp/mounts
ok "mountLabel is the context of /dev" grep -q 'context="\?u:object_r:lab_file_t' /tmp/mounts
cat /tmp/mounts >&2
bundle /s/4 '["/bin/sleep", "1000"]' '' "$label"
hull-oci run --detach --bundle /s/4 s5 >/dev/null 2>&1
is "exec inherits the label" "$(hull-oci exec s5 cat /proc/self/attr/current | tr -d '\0')" u:r:lab_t
is "exec takes another" \
	"$(hull-oci exec --process-label u:r:lab2_t s5 cat /proc/self/attr/current | tr -d '\0')" \
	u:r:lab2_t
hull-oci delete --force s5
bundle /s/5 '["/bin/true"]' '' '"selinuxLabel": "u:r:no_such_t",'
ok "a label that the policy does not know is an error" sh -c '! hull-oci run --bundle /s/5 s6 2>/tmp/e'
ok "that says so" grep -q -i -E 'selinux|label' /tmp/e
cat /tmp/e >&2
dmesg | grep -i avc | tail -5 >&2
done_testing
