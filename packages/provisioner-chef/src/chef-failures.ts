/** Reads what Chef prints, line by line, and collects what failed. */
export interface ChefFailures {
  readonly onLine: (line: string) => void
  /** What failed, the first first: resources with their recipe, else what the log calls fatal, else the headings of the report. */
  readonly failures: () => readonly string[]
}

/** Lines of the log that only say where more is. */
const references = /^(?:Stacktrace dumped|Please provide the contents|-+$|PLEASE PROVIDE)/

const headings =
  /^\s*((?:Error executing action|Recipe Compile Error in|Error Resolving Cookbooks for Run List|Error expanding the run_list|Missing Cookbooks|Error Syncing Cookbooks|Chef encountered an error|Client Registration Failed|Authorization error|Unexpected Error).*?):?\s*$/i

/** Makes a reader of Chef's report and log. */
export function chefFailures(): ChefFailures {
  const resources: string[] = []
  const fatal: string[] = []
  const report: string[] = []
  return {
    onLine: (line) => {
      const [, message] = /^\[[^\]]*\] FATAL: (.*)$/.exec(line) ?? []
      const [, heading] = headings.exec(line) ?? []
      if (message !== undefined && !references.test(message))
        (/ had an error: /.test(message) ? resources : fatal).push(withoutClass(message))
      else if (heading !== undefined) report.push(heading)
    },
    failures: () => [resources, fatal, report].find((list) => list.length > 0) ?? [],
  }
}

/** Without the exception's class, which the message names once more. */
function withoutClass(message: string): string {
  return message.replace(/^[A-Z]\w*(?:::[A-Z]\w*)*: /, '')
}
