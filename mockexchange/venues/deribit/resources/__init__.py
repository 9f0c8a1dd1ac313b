"""The resources of Deribit, a file each: the dated fields of its objects, its parameters and its methods."""
