/* A fault of tcc on x86-64, found in its objects: an operation on floating-point numbers whose second operand is a
 * variable of another shared object is compiled to a direct address instead of one from the global offset table,
 * and reads something else. Such a relocation names an undefined symbol, which no right one does. */
#ifndef KEN_KERNEL_TCC_OBJECT_H
#define KEN_KERNEL_TCC_OBJECT_H

#include "ken/core/compiler.h"

/* Is the relocatable object free of it? An object that cannot be read is not. */
bool tcc_object_is_sound(const void *data, size_t size);

#endif
