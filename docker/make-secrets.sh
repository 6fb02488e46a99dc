#!/bin/sh
# Makes what `compose.yaml` needs to be secret, at random, where it is not there yet. Never overwrites.
#
#   docker/make-secrets.sh [FOLDER]     default: the folder `secrets` beside this script
#
# The folder is closed to others; the files in it can be read by whatever user runs in a container.
set -eu
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
chmod 700 "$folder"

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# write NAME TEXT: whole or not at all
write() {
    printf '%s\n' "$2" >"$folder/.$1.new"
    chmod 444 "$folder/.$1.new"
    mv "$folder/.$1.new" "$folder/$1"
    echo "made $folder/$1"
}

# Two files say the same password, the store's own and the one for those who connect to it.
if [ ! -e "$folder/store_auth" ] || [ ! -e "$folder/redis_url" ]; then
    if [ -e "$folder/store_auth" ]; then
        password=$(sed -n 's/^requirepass //p' "$folder/store_auth")
    else
        password=$(random)
        write store_auth "requirepass $password"
    fi
    write redis_url "redis://:$password@store:6379/0"
fi
[ -e "$folder/api_keys" ] || write api_keys "$(random)"
[ -e "$folder/client_key" ] || write client_key "$(head -n 1 "$folder/api_keys")"
[ -e "$folder/grafana_password" ] || write grafana_password "$(random)"

# MediaMTX reads no password from a file of its own, so its whole configuration is the secret.
if [ ! -e "$folder/media_reader" ] || [ ! -e "$folder/mediamtx" ]; then
    [ -e "$folder/media_publisher" ] || write media_publisher "$(random)"
    [ -e "$folder/media_reader" ] || write media_reader "$(random)"
    write mediamtx "hls: no
authInternalUsers:
  - user: publisher
    pass: $(cat "$folder/media_publisher")
    permissions: [{action: publish}]
  - user: reader
    pass: $(cat "$folder/media_reader")
    permissions: [{action: read}]
paths:
  all_others: {}"
fi
