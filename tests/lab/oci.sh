# SPDX-License-Identifier: Apache-2.0
# tests/lab/oci.sh - sourced by the cases that start containers.

# bundle DIR ARGS [LINUX [PROCESS]] - a bundle with a busybox root. ARGS is a
# JSON list; LINUX and PROCESS are members added to those objects, with a comma
# behind each.
bundle() {
	mkdir -p "$1/rootfs/bin" "$1/rootfs/proc" "$1/rootfs/dev" "$1/rootfs/sys" "$1/rootfs/tmp"
	cp /bin/busybox "$1/rootfs/bin/busybox"
	for applet in sh sleep cat true echo id grep stat ls touch; do
		ln -sf busybox "$1/rootfs/bin/$applet"
	done
	cat >"$1/config.json" <<-EOF
	{ "ociVersion": "1.0.2",
	  "process": { ${4:-} "user": { "uid": 0, "gid": 0 }, "cwd": "/", "args": $2,
	    "env": ["PATH=/bin"], "noNewPrivileges": true },
	  "root": { "path": "rootfs" },
	  "hostname": "lab",
	  "mounts": [
	    { "destination": "/proc", "type": "proc", "source": "proc" },
	    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
	      "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
	    { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
	      "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"] },
	    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
	      "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
	    { "destination": "/sys", "type": "sysfs", "source": "sysfs",
	      "options": ["nosuid", "noexec", "nodev", "ro"] },
	    { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
	      "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] } ],
	  "linux": { ${3:-} "namespaces": [ { "type": "pid" }, { "type": "network" },
	    { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "cgroup" } ] } }
	EOF
}

# status ID - the runtime's word for a container's state
status() {
	hull-oci state "$1" | sed -n 's/.*"status": *"\([a-z]*\)".*/\1/p'
}

# await SECONDS COMMAND... - until the command succeeds, or fails after that
await() {
	await_left=$(($1 * 10))
	shift
	until "$@" >/dev/null 2>&1; do
		await_left=$((await_left - 1))
		[ $await_left -gt 0 ] || return 1
		usleep 100000
	done
}
