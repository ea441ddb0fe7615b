#include "agent.hpp"

NOA_PLUGIN(config::Config);
