#include "agent.hpp"

NOA_PLUGIN(monitor::Monitor);
