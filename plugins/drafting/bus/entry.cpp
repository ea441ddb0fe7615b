#include "agent.hpp"

NOA_PLUGIN(drafting::Drafting);
