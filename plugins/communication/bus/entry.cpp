#include "agent.hpp"

NOA_PLUGIN(communication::Communication);
