#include "agent.hpp"

NOA_PLUGIN(console::Console);
