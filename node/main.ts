#!/usr/bin/env node
/**
 * The command `brume`: chooses how the program runs, and runs it.
 *
 * As little as possible is loaded here, because a daemon begins anew with other options of Node.
 *
 * @module
 */

import { launchProgram } from './launch-program.ts'

await launchProgram({ programFile: new URL('./program-main.ts', import.meta.url) })
