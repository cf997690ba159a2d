// The main() of every unit test executable.
#define BOOST_TEST_MODULE netft
#include <boost/test/unit_test.hpp>
