"""The engine and the oracle asked the same questions, about worlds and packets made up at random.

pools      the values that everything is made of: few, so that everything meets everything
rules, policies, worlds    manifests
packets    packets near the edges of a world's rules
comparing  an answer of each, in the same terms
coverage   which reasons were reached, and which were not
shrinking  a disagreement made small
scenarios  a disagreement as YAML
command    the long run
"""
