/* The case that the gradient check must refuse. */
#ifndef TERN_SELFTEST_WRONG_H
#define TERN_SELFTEST_WRONG_H

#include "selftest/check.h"

extern const tern_check_kind tern_check_wrong;

#endif
