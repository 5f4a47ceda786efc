/* SPDX-License-Identifier: MIT */
/*
 * The control domain's shell: an interactive loop on the operator's terminal, and a script mode
 * that prints each command as if it had been typed.
 */
#ifndef DOM0_TOOLS_SHELL_H
#define DOM0_TOOLS_SHELL_H

/* Reads and runs commands until the machine is powered off. Does not return. */
void shell_run(void) __attribute__((noreturn));

/* Runs the file: prompt and command are printed before each command's output, "exit status N"
 * after a command that failed. 0: every command succeeded; 1: one failed; -errno: unreadable. */
int shell_script(const char *path);

#endif
