/* The whole contract in one include. */
#ifndef NOA_NOA_H
#define NOA_NOA_H

#include "noa/ext/inspect.h"
#include "noa/ext/storage.h"
#include "noa/ext/timer.h"
#include "noa/plugin.h"

#endif
