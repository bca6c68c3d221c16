#!/bin/sh
# Installs those of the named programs that are missing, with Debian's packages, and says so.
#
#   test/setup.sh postfix rbldnsd
#
# Nothing that it installs is started as a service: the demo and the tests run instances of their own.
set -eu

package() { # the Debian package of a program
	case $1 in
	redis-server) echo redis-server ;;
	cc) echo gcc libc6-dev ;;
	spamd) if apt-cache show spamd >/dev/null 2>&1; then echo spamd; else echo spamassassin; fi ;; # parted in Debian 13
	*) echo "$1" ;;
	esac
}

PATH=$PATH:/usr/sbin:/sbin
missing=
for program; do
	command -v "$program" >/dev/null 2>&1 || missing="$missing $(package "$program")"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "missing:$missing; install them (Debian, as root: apt-get install$missing) and call this again" >&2
	exit 1
fi

echo "installing:$missing"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then # 101: services may not be started
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
	trap 'rm -f $policy' EXIT
	trap 'exit 130' INT TERM
fi
export DEBIAN_FRONTEND=noninteractive
echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections 2>/dev/null || true
log=$(mktemp)
# shellcheck disable=SC2086 # a list of packages
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	rm -f "$log"
	echo "could not install:$missing; see above, then call this again" >&2
	exit 1
fi
rm -f "$log"
