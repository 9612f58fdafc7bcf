/* The subcommands: one file each. argv[0] is the command's name. */
#ifndef TROTH_TOOLS_COMMANDS_H
#define TROTH_TOOLS_COMMANDS_H

int cmd_agent(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_air(int argc, char **argv);
int cmd_bonds(int argc, char **argv);
int cmd_dataset(int argc, char **argv);
int cmd_erase(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_oob(int argc, char **argv);
int cmd_pair(int argc, char **argv);
int cmd_predict(int argc, char **argv);
int cmd_provision(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_window(int argc, char **argv);

#endif
