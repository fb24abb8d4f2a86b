/* Functions that do not compile here; force-included into every source of ours by CMake. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll localtime gmtime \
    asctime ctime gets system
