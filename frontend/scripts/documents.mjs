// Checks the documents for app developers: openapi.yaml by redocly, asyncapi.yaml by the parser of its makers.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Parser } from '@asyncapi/parser'

const ERROR = 0
const docs = fileURLToPath(new URL('../../mobile_api_docs/', import.meta.url))
const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }

const { diagnostics } = await new Parser().parse(readFileSync(`${docs}asyncapi.yaml`, 'utf8'))
const wrong = diagnostics.filter(({ severity }) => severity === ERROR)
for (const { message, path } of wrong) console.error(`asyncapi.yaml: ${path.join('/')}: ${message}`)
if (wrong.length > 0) process.exit(1)

execFileSync('redocly', ['lint', '--config', 'redocly.yaml', `${docs}openapi.yaml`], {
  env: { ...process.env, ...quiet },
  stdio: 'inherit',
})
