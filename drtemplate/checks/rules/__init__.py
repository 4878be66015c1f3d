"""Rules for cfn-lint, for what its own do not see: only AWS itself would refuse it, or go on without
a word. ``.cfnlintrc`` names each module that has some; docs/rules.md lists them.

They import the standard library, cfnlint and ``drtemplate.cloudformation`` alone, so that an editor
or a hook can load them without the generator.
"""
