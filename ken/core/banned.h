/* Included on the command line for every file of ken/ (not for cli/ or tests): a use of these in the
 * library is a compile error. Files, clocks and processes belong to io/ and the program. */
#ifndef KEN_CORE_BANNED_H
#define KEN_CORE_BANNED_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if !defined(__wasm__)
#include <pthread.h>
#include <unistd.h>
#endif
#ifndef KEN_ALLOW_BANNED
#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strncat gets strtok
#pragma GCC poison rand srand random srandom drand48 exit _exit abort getenv setenv
#pragma GCC poison printf puts putchar perror localtime gmtime setlocale atoi atof strtod
#endif
#endif
