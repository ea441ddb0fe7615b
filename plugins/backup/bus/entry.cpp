#include "agent.hpp"

NOA_PLUGIN(backup::Backup);
