#!/bin/sh
# Stands for the programs of Chef and Cinc where neither can be had, under whose names it is installed: takes the arguments, settings,
# attributes and cookbooks and gives the reports and exit codes that their documentation describes. Of resources it knows execute, whose command
# it runs, and reboot.
set -u
self=${0##*/}
say() { printf '%s\n' "$*"; }
fatal() { say "[2026-01-01T00:00:00+00:00] FATAL: Stacktrace dumped to /tmp/cache/chef-stacktrace.out"; say "[2026-01-01T00:00:00+00:00] FATAL: $1: $2"; }
usage() { say "Usage: $self (options)"; say "invalid option: $1"; exit 1; }
config='' attributes='' license='' is_local='' list=''
case $self in
  knife) say "Deleted $1[$3]"; [ "$2 $4 $5" = 'delete --yes --config' ] && [ -r "$6" ] && grep -q "node_name '$3'" "$6" || usage "$*"; say "$1" >>/srv/deleted; exit 0 ;;
esac
while [ $# -gt 0 ]; do
  case $1 in
    --no-color | --force-formatter) ;;
    --local-mode) is_local=1 ;;
    --config) config=$2; shift ;;
    --json-attributes) attributes=$2; shift ;;
    --log_level) shift ;;
    --chef-license) license=$2; shift ;;
    --named-run-list) list=$2; shift ;;
    *) usage "$1" ;;
  esac
  shift
done
case $self in chef-*) [ -n "$license" ] || { say 'Chef Infra Client cannot execute without accepting the license'; exit 172; } ;; esac
[ "$(stat -c %a "$attributes")" = 600 ] || { say 'the attributes are for all to read'; exit 1; }
secret=$(sed -n "s/^encrypted_data_bag_secret '\(.*\)'$/\1/p" "$config")
[ -z "$secret" ] || [ "$(stat -c %a "$secret")" = 600 ] || { say 'the secret is for all to read'; exit 1; }
included=$(sed -n "s/^from_file '\(.*\)'$/\1/p" "$config")
for file in $included; do [ -r "$file" ] || { fatal 'Errno::ENOENT' "No such file or directory - $file"; exit 1; }; done
run_list=$(tr -d ' \n' <"$attributes" | sed -n 's/.*"run_list":\[\([^]]*\)\].*/\1/p' | tr -d '"' | tr , ' ')
paths=$(sed -n 's/^cookbook_path \[\(.*\)\]$/\1/p' "$config" | tr -d "'," )
repo=$(sed -n "s/^chef_repo_path '\(.*\)'$/\1/p" "$config")
case $self in
  *-client)
    if [ -n "$is_local" ]; then
      paths=$repo/cookbook_artifacts; run_list=$(cat "$repo/run_list"); [ -z "$list" ] || run_list=$list
    else
      key=$(sed -n "s/^validation_key '\(.*\)'$/\1/p" "$config"); client=$(sed -n "s/^client_key '\(.*\)'$/\1/p" "$config")
      [ -r "$client" ] || { [ -r "$key" ] && [ "$(stat -c %a "$key")" = 600 ] && [ "$(cat "$key")" = 'the validation key' ] && say registered >"$client"; } || {
        say 'Client Registration Failed:'; fatal 'Net::HTTPClientException' '401 "Unauthorized"'; exit 1; }
      paths=/srv/server
    fi ;;
esac
say 'Chef Infra Client, version 18'; say "run list: $run_list"
for name in $run_list; do
  name=${name#recipe[}; name=${name%]}; cookbook=${name%%::*}; recipe=default
  case $name in *::*) recipe=${name##*::} ;; esac
  file=''
  for path in $paths; do [ ! -r "$path/$cookbook/recipes/$recipe.rb" ] || file=$path/$cookbook/recipes/$recipe.rb; done
  [ -n "$file" ] || { say 'Error Resolving Cookbooks for Run List:'; say 'Missing Cookbooks:'; say "* $cookbook"; fatal 'Net::HTTPServerException' "412 \"Precondition Failed\" no such cookbook $cookbook"; exit 1; }
  number=0
  while IFS= read -r line; do
    number=$((number + 1))
    case $line in
      '') ;;
      "execute '"*)
        command=${line#execute \'}; command=${command%\'}
        say "  * execute[$command] action run"
        sh -c "$command"; result=$?
        [ "$result" = 0 ] || {
          say "Error executing action \`run\` on resource 'execute[$command]'"
          fatal 'Mixlib::ShellOut::ShellCommandFailed' "execute[$command] ($cookbook::$recipe line $number) had an error: Mixlib::ShellOut::ShellCommandFailed: Expected process to exit with [0], but received '$result'"; exit 1; } ;;
      "reboot "*) [ -e /srv/restarted ] || { say '  * reboot action request_reboot'; exit 35; } ;;
      upgrade) [ -e /srv/upgraded ] || { : >/srv/upgraded; exit 213; } ;;
      *) say "Recipe Compile Error in $file"; say 'SyntaxError'; fatal 'SyntaxError' "$file:$number: syntax error, unexpected end-of-input"; exit 1 ;;
    esac
  done <"$file"
done
say 'Infra Phase complete'
