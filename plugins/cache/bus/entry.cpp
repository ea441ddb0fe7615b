#include "agent.hpp"

NOA_PLUGIN(cache::Cache);
