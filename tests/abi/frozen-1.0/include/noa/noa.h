/* The whole contract in one include. */
#ifndef NOA_NOA_H
#define NOA_NOA_H

#include "noa/ext/agent.h"
#include "noa/ext/arena.h"
#include "noa/ext/inspect.h"
#include "noa/ext/listener.h"
#include "noa/ext/reconfigure.h"
#include "noa/ext/storage.h"
#include "noa/ext/timer.h"
#include "noa/plugin.h"

#endif
