#!/bin/sh
# A TURN server of one's own: relays the live view where browser and server cannot reach one another.
#
#   sh tools/turn.sh [ADDRESS] [PORT] [USER] [PASSWORD]
#
# ADDRESS is this machine's address as the browser sees it (by default its first), PORT 3478. The first line of output is
# what the application needs: put it into its environment. Ctrl-C ends the server. On Debian and as root it installs
# coturn where it is missing. For more than a trial: open the port and 49160-49200 (UDP), and choose a password.
set -eu
address=${1:-$(hostname -I | cut -d' ' -f1)}
port=${2:-3478}
user=${3:-studio}
password=${4:-$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')}

if ! command -v turnserver >/dev/null 2>&1; then
  if ! { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 &&
    { apt-get install -y -qq --no-install-recommends coturn || { apt-get update -qq &&
      apt-get install -y -qq --no-install-recommends coturn; }; } >/dev/null 2>&1; }; then
    echo "coturn is not installed; install it (Debian: apt-get install coturn) and run this again."
    exit 1
  fi
fi
echo "EMO_ICE_SERVERS=[{\"urls\": \"turn:$address:$port?transport=udp\", \"username\": \"$user\", \"credential\": \"$password\"}]"
exec turnserver -n --no-cli --no-tls --no-dtls --no-software-attribute --log-file stdout --simple-log \
  --pidfile "${TMPDIR:-/tmp}/studio-turn-$port.pid" \
  --listening-ip "$address" --relay-ip "$address" --listening-port "$port" --min-port 49160 --max-port 49200 \
  --lt-cred-mech --realm studio --user "$user:$password"
