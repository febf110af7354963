"""What makes the files of OSWorld's tasks anew: workbooks, documents."""
