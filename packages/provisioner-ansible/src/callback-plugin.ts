/** Begins a line of standard output that is an event: a record separator (RFC 7464). */
export const eventMark = 0x1e

/** The name of the plugin, as `ANSIBLE_STDOUT_CALLBACK` takes it; its file is `<name>.py` in a folder of `ANSIBLE_CALLBACK_PLUGINS`. */
export const callbackName = 'imago_events'

/**
 * A callback plugin for Ansible: it prints what Ansible's own prints, and beside it a line of JSON for each play, task, result and the
 * recap, marked with {@link eventMark}. What `no_log` hides is hidden here too. Tried with ansible-core 2.14.
 */
export const callbackPlugin: string = String.raw`import json
import sys

from ansible.plugins.callback.default import CallbackModule as Default

DOCUMENTATION = '''
    name: imago_events
    type: stdout
    short_description: the default output, with events
    description: Prints what the default callback prints, and each event as a line of JSON after a record separator.
    extends_documentation_fragment:
      - default_callback
    options:
      result_format:
        description: Format of results.
        default: json
        choices: [json, yaml]
        env: [{name: ANSIBLE_CALLBACK_RESULT_FORMAT}]
        ini: [{section: defaults, key: callback_result_format}]
      pretty_results:
        description: Indent results.
        default: null
        type: bool
        env: [{name: ANSIBLE_CALLBACK_FORMAT_PRETTY}]
        ini: [{section: defaults, key: callback_format_pretty}]
'''


def say(event, **details):
    sys.stdout.write('\x1e' + json.dumps(dict(details, event=event), default=str) + '\n')
    sys.stdout.flush()


def text(value, limit=4000):
    return str(value).strip()[-limit:]


def failure(result):
    parts = list(result.get('results') or []) + list((result.get('failed_modules') or {}).values())
    failed = [part for part in parts if isinstance(part, dict) and (part.get('failed') or part.get('unreachable'))]
    source = failed[0] if failed else result
    details = {key: text(source[key]) for key in ('msg', 'stderr', 'module_stderr', 'module_stdout') if source.get(key)}
    if 'msg' not in details and source.get('censored'):
        details['msg'] = text(source['censored'])
    if isinstance(source.get('rc'), int):
        details['rc'] = source['rc']
    return details


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'imago_events'

    def result(self, result, status, **details):
        say('result', status=status, host=result._host.get_name(), task=result._task.get_name().strip(),
            path=result._task.get_path() or '', **details)

    def v2_playbook_on_play_start(self, play):
        super().v2_playbook_on_play_start(play)
        say('play', name=play.get_name().strip())

    def v2_playbook_on_no_hosts_matched(self):
        super().v2_playbook_on_no_hosts_matched()
        say('no-hosts')

    def v2_playbook_on_task_start(self, task, is_conditional):
        super().v2_playbook_on_task_start(task, is_conditional)
        say('task', name=task.get_name().strip())

    def v2_playbook_on_cleanup_task_start(self, task):
        super().v2_playbook_on_cleanup_task_start(task)
        say('task', name=task.get_name().strip())

    def v2_playbook_on_handler_task_start(self, task):
        super().v2_playbook_on_handler_task_start(task)
        say('task', name=task.get_name().strip())

    def v2_runner_on_ok(self, result):
        super().v2_runner_on_ok(result)
        self.result(result, 'changed' if result._result.get('changed') else 'ok')

    def v2_runner_on_skipped(self, result):
        super().v2_runner_on_skipped(result)
        self.result(result, 'skipped')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        details = failure(result._result)  # the display takes the results of items away
        super().v2_runner_on_failed(result, ignore_errors=ignore_errors)
        self.result(result, 'failed', ignored=bool(ignore_errors), **details)

    def v2_runner_on_unreachable(self, result):
        super().v2_runner_on_unreachable(result)
        self.result(result, 'unreachable', ignored=bool(result._task.ignore_unreachable), **failure(result._result))

    def v2_playbook_on_stats(self, stats):
        super().v2_playbook_on_stats(stats)
        say('stats', hosts={host: stats.summarize(host) for host in sorted(stats.processed.keys())})
`
